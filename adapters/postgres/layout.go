package postgres

import "slices"

// layout names the tables of each view. Derived ones are kept up by what puts
// rows into the others; fill makes them of those, all at once.
var layout = []viewLayout{
	{view: "agreement", tables: []anyTable{ratersTable, everybodyTable}},
	{view: "boards", tables: []anyTable{deedsTable}, derived: []derivedTable{
		{"views.deed_totals", deedsTable, fillTotals}, {"views.deed_days", deedsTable, fillDays},
	}},
	{view: "contributors", tables: []anyTable{contributorsTable}},
	{view: "conversations", tables: []anyTable{treesTable, messagesTable, reactionsTable, revisionsTable}},
	{view: "locator", tables: []anyTable{tasksTable}},
	{view: "moderation", tables: []anyTable{flagsTable, reportsTable, historyTable}},
	{view: "statistics", tables: []anyTable{messageCountsTable, treeCountsTable, consentsTable}},
}

type viewLayout struct {
	view    string
	tables  []anyTable
	derived []derivedTable
}

// derivedTable is a table that is made of another: fill is an INSERT.
type derivedTable struct {
	name string
	from anyTable
	fill string
}

// anyTable is a table of whatever rows.
type anyTable interface {
	String() string // schema and name
	columnNames() []string
	isFinal() bool // a row that was put is never put again, nor taken away
	gather() gathering
}

// names gives all tables of the view, schema and name.
func (v *viewLayout) names() (out []string) {
	for _, t := range v.tables {
		out = append(out, t.String())
	}
	for _, d := range v.derived {
		out = append(out, d.name)
	}
	return out
}

// layoutOf gives a view's tables.
func layoutOf(view string) *viewLayout {
	i := slices.IndexFunc(layout, func(v viewLayout) bool { return v.view == view })
	if i < 0 {
		return nil
	}
	return &layout[i]
}

package conveyor

// Clean makes a text fit for a database and bounds it.
func Clean(text string, bound int) string { return clean(text, bound) }

// The bounds on texts from Conveyor.
const (
	MaxEmail   = maxEmail
	MaxMessage = maxMessage
	MaxName    = maxName
)

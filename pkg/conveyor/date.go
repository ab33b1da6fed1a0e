package conveyor

import (
	"fmt"
	"time"
)

// Date is a calendar day without a zone. The zero value means no date. Conveyor does not say in which zone a
// day begins or ends.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf gives the day of t in t's own zone, and no date for a zero t.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}
}

// ParseDate reads YYYY-MM-DD. The error is [ErrArgument].
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, argument("a date must be a day of the calendar in the form YYYY-MM-DD")
	}
	year, month, day := t.Date()
	return Date{Year: year, Month: month, Day: day}, nil
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String gives YYYY-MM-DD, or nothing for the zero value.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// check refuses a day that no calendar has. What says which date it is.
func (d Date) check(what string) error {
	if d.IsZero() {
		return nil
	}
	year, month, day := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Date()
	if d.Year < 1 || d.Year > 9999 || year != d.Year || month != d.Month || day != d.Day {
		return argument("%s is not a day of the calendar", what)
	}
	return nil
}

package render

import "time"

// ReasonProblem says what is wrong with the reason of a rejection; empty if
// nothing.
func ReasonProblem(text string) string {
	if blank(text) {
		return "Write a reason: it stays with this request, so that others can see why it was rejected."
	}
	return ""
}

// ExpiryProblem says what is wrong with the last day of access; empty if
// nothing. No date at all is fine: the access does not end.
func ExpiryProblem(date string, now time.Time) string {
	if date == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return "Write the day as YYYY-MM-DD, for example " + tomorrow(now) + "."
	}
	if day.Format(time.DateOnly) < tomorrow(now) {
		return "Choose a day in the future: " + tomorrow(now) + " or later."
	}
	return ""
}

// tomorrow gives the first day that is in the future, in the zone of now.
func tomorrow(now time.Time) string { return now.AddDate(0, 0, 1).Format(time.DateOnly) }

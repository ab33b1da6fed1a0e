package sandbox

import (
	"fmt"

	"github.com/frontdesk-hq/frontdesk/internal/sandbox/practiceconveyor"
	"github.com/frontdesk-hq/frontdesk/pkg/practiceslack"
)

// The people of the practice workspace. Ada and Ben may decide.
const (
	Ada  = "U0ADA"
	Ben  = "U0BEN"
	Cleo = "U0CLEO"
	Gus  = "U0GUS"
)

// furnish fills a new practice world with people, a channel, access groups and
// the requests that wait.
func (s *Sandbox) furnish() {
	for _, p := range []practiceslack.Person{
		{ID: Ada, Name: "ada", RealName: "Ada Reviewer", Email: "ada@vendor.example", TZ: "Europe/Berlin"},
		{ID: Ben, Name: "ben", RealName: "Ben Reviewer", Email: "ben@vendor.example", TZ: "America/New_York"},
		{ID: Cleo, Name: "cleo", RealName: "Cleo Colleague", Email: "cleo@vendor.example", TZ: "Asia/Tokyo"},
		{ID: Gus, Name: "gus", RealName: "Gus Guest", Email: "gus@guest.example", TZ: "Europe/London", Restricted: true},
	} {
		s.Slack.AddUser(p)
	}
	s.Slack.AddChannel(practiceslack.ChannelInfo{ID: ChannelID, Name: "access-requests", Members: []string{Ada, Ben, Cleo, Gus}})
	for _, name := range []string{"Security documents", "Penetration tests", "Financials", "Product roadmap"} {
		s.Room.AddGroup(name)
	}
	s.FileRequests(s.options.Requests)
}

// FileRequests lets made-up customers ask for access.
func (s *Sandbox) FileRequests(n int) {
	samples := []struct{ email, message string }{
		{"grace@northwind.example", "Hello, our security team needs your SOC 2 report before we can sign."},
		{"alan@contoso.example", "We met at the fair. Could we see the penetration test summary?"},
		{"edsger@fabrikam.example", ""},
		{"barbara@initech.example", "For the yearly vendor review.\nPlease include the subprocessor list."},
	}
	for i := range n {
		sample := samples[i%len(samples)]
		requester := practiceconveyor.Requester{Email: sample.email}
		if i >= len(samples) {
			requester.Email = fmt.Sprintf("customer%d@example.net", i+1)
		}
		if sample.message != "" {
			requester.Message = &sample.message
		}
		s.Room.Request(requester)
	}
}

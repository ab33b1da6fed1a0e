package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/approval"
)

// Fill fills a store with so many requests, each with two events and a notice,
// and with something in every column of every table.
func Fill(t *testing.T, s Store, requests int) {
	t.Helper()
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		for i := range requests {
			if err := fillRequest(ctx, t, tx, i); err != nil {
				return err
			}
		}
		if err := tx.SaveGroups(ctx, source, groups("g1", "g2")); err != nil {
			return err
		}
		return tx.SaveOverview(ctx, approval.Overview{
			Source: source, Held: 3, Oldest: at(14), Delivery: full("overview").Delivery,
		})
	})
	_, err := s.BeginPoll(t.Context(), source, at(15), time.Minute)
	require.NoError(t, err)
	require.NoError(t, s.EndPoll(t.Context(), source, "it does not answer"))
	_, err = s.BeginPoll(t.Context(), source, at(100_015), time.Minute) // and another that is under way
	require.NoError(t, err)
	inTx(t, s, func(ctx context.Context, tx approval.Tx) error {
		return tx.SaveSource(ctx, source, approval.SourceRecord{GroupsWanted: true, GroupsKnown: true})
	})
	_, _, err = s.Turn(t.Context(), "post", time.Second, 1, time.Minute)
	require.NoError(t, err)
}

func fillRequest(ctx context.Context, t *testing.T, tx approval.Tx, i int) error {
	t.Helper()
	r := full(fmt.Sprintf("r%06d", i))
	r.Requester, r.Message = fmt.Sprintf("Ann %d <ann@example.com>", i), "“Zażółć” 🦉 it's \\ 100%\r\n"
	if i%2 == 0 {
		r.Decision, r.Delayed, r.Confirmation, r.Closing = nil, false, nil, nil
		r.State, r.Delivery.Held, r.Effect = approval.Pending, false, approval.Effect{}
	}
	_, event := received(t, r.ID, r.ExternalID)
	if _, err := tx.Receive(ctx, r, event); err != nil {
		return err
	}
	r.Version++
	event = approval.Event{Seq: 2, At: at(int64(i)), Action: approval.Approve, Actor: "U1", Key: "click-" + r.ID, Decision: decision()}
	if err := tx.Save(ctx, r, event); err != nil {
		return err
	}
	_, err := tx.AddNotice(ctx, approval.Notice{
		ID: "n-" + r.ID, RequestID: r.ID, To: "U2", Code: approval.NoticeTaken, At: at(16), SentAt: at(int64(i)),
		NoticeDetails: approval.NoticeDetails{By: "U1", Verb: approval.Approve},
	})
	return err
}

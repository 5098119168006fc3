//! A request is answered.

use core::sync::atomic::Ordering::Acquire;

use l4::{IpcCode, Phase, Time, ipc};
use stress::letter::Kind;
use stress::plan::Role;
use stress::wrong::What;

use super::{Debt, Work};
use crate::board::{SLOTS, report};
use crate::operation::{Operation, Outcome, Source, Target, ticket};

impl Work {
    /// Pays a debt, and perhaps receives in the same operation.
    pub(super) fn answer(&mut self, debt: Debt) -> Option<Debt> {
        if self.random.chance(10) {
            self.pause();
        }
        let limit = if self.random.chance(70) {
            Time::ZERO
        } else {
            self.finite()
        };
        let receive = match self.role {
            _ if self.random.chance(40) => None,
            Role::Client => Some((Source::Anybody, self.finite())),
            _ => Some((Source::Anybody, Time::NEVER)),
        };
        let operation = Operation {
            send: Some(Target {
                worker: debt.worker,
                id: debt.id,
                kind: Kind::Answer,
                limit,
            }),
            receive,
        };
        match self.actor.run(operation) {
            Outcome::Done(Some((letter, id))) if letter.kind == Kind::Request => Some(Debt {
                worker: letter.sender,
                id,
                number: letter.number,
            }),
            Outcome::Failed(error) if error.phase == Phase::Send => match error.code {
                IpcCode::Timeout if limit == Time::ZERO => {
                    self.blame(debt);
                    None
                }
                // The caller may wait without a limit: try again.
                IpcCode::Timeout | IpcCode::Cancelled => Some(debt),
                _ => None,
            },
            Outcome::Wrong => ipc::park(),
            _ => None,
        }
    }

    /// An answer without patience found nobody: wrong if the caller waits without a limit and nobody disturbed it.
    /// (With a limit, the time can be over before another CPU has looked.)
    pub(super) fn blame(&self, debt: Debt) {
        let caller = &SLOTS[debt.worker];
        let waits = caller.ticket.load(Acquire) == ticket(self.actor.index, debt.number);
        let before = caller.ticket_aborts.load(Acquire);
        let disturbed = caller.receive_aborts.since(before);
        let current = caller.version.load(Acquire) as u32;
        if waits && !disturbed && !caller.dies(current) {
            report(
                What::Unanswered,
                self.actor.index,
                Some(debt.worker),
                debt.number,
            );
            ipc::park();
        }
    }
}

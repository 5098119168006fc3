//! Threads that do one IPC after the other, each when the test says so.

use core::ops::Range;

use l4::thread::Builder;
use l4::{Message, ThreadId, Time, ipc, thread};

use super::job::{self, Job, Started};
use super::{Failure, Outcome, SOON, worker};
use crate::pf::touch;

/// Label of an order: do the job that is written down in the slot of word 0.
const DO: u64 = 0xD0;
/// Label of an order: read a byte of each page from word 0 to word 1, then answer.
const TOUCH: u64 = 0x70;

/// Such a thread, in the hands of the thread that started it.
#[derive(Clone, Copy)]
pub(crate) struct Partner {
    /// Its id.
    pub(crate) id: ThreadId,
}

impl Partner {
    /// A partner of this plan. It has all pages mapped that it needs for its work.
    #[track_caller]
    pub(crate) fn start(plan: Builder) -> Result<Self, Failure> {
        let id = worker::start(plan, serve, thread::myself().raw())?;
        let partner = Self { id };
        partner.touches(job::table::memory())?;
        let nothing = Job::receive(ThreadId::ANY).within(Time::ZERO, Time::ZERO);
        partner.does(nothing)?.result()?.bare_error(3)?;
        Ok(partner)
    }

    /// Lets it begin with a job.
    #[track_caller]
    pub(crate) fn does(self, job: Job) -> Result<Started, Failure> {
        let slot = job.post();
        ipc::send_within(self.id, &Message::new(DO).word(slot), SOON).map_err(failed)?;
        Ok(Started { id: self.id, slot })
    }

    /// Lets it read a byte of each page.
    #[track_caller]
    pub(crate) fn touches(self, memory: Range<u64>) -> Outcome {
        let order = Message::new(TOUCH).words(&[memory.start, memory.end]);
        ipc::call_within(self.id, &order, super::BOTH_SOON)
            .map(|_| ())
            .map_err(failed)
    }
}

#[track_caller]
fn failed(error: l4::IpcError) -> Failure {
    Failure::new(format_args!("a partner takes no order: {error:?}"))
}

fn serve(from: u64) {
    let from = ThreadId::from_raw(from);
    while let Ok(order) = ipc::receive(from) {
        let message = order.message;
        match message.label() {
            DO => job::carry_out(message.word_at(0)),
            TOUCH => {
                let first = message.word_at(0) & !0xFFF;
                for page in (first..message.word_at(1)).step_by(4096) {
                    touch::read(page);
                }
                // Who gave the order waits for this.
                let _ = ipc::send(from, &Message::new(0));
            }
            _ => {}
        }
    }
}

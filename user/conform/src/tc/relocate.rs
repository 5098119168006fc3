//! Active threads move to another space.

pub(super) mod blocked;
pub(super) mod running;
pub(super) mod space;

use l4::abi::layout::UTCB_AREA;
use l4::{ThreadId, ipc};

use crate::harness::raw::{self, DONE, thread_control};
use crate::harness::{Failure, Outcome, equal, hex, ids, worker};

/// A UTCB that nobody has, in any space with the default areas.
const PLACE: u64 = UTCB_AREA + 255 * 1024;

/// A thread of another space.
#[track_caller]
fn host(cpu: usize) -> Result<ThreadId, Failure> {
    let id = worker::start(worker::away().cpu(cpu), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// Moves the thread to the same place in the other space, so that code that has read its local id before may go on.
#[track_caller]
fn relocate(id: ThreadId, host: ThreadId) -> Outcome {
    relocate_to(id, host, ids::utcb(id))
}

#[track_caller]
fn relocate_to(id: ThreadId, host: ThreadId, place: u64) -> Outcome {
    let verdict = thread_control(id.raw(), host.raw(), 0, 0, place);
    equal("move", verdict, DONE)?;
    let (verdict, _) = raw::control(id, 0);
    // Its pager lives here, so it can still be asked.
    hex("its local id", verdict.result, place + 512)
}

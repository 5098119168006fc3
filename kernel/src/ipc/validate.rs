//! Stage 2: who is meant?

use pecan_abi::error::IpcCode;
use pecan_abi::id::ThreadId;

use super::Request;
use crate::thread::{Owned, State, TcbRef, table};

/// The destination, if it exists.
pub(super) fn destination(request: &Request) -> Result<TcbRef, IpcCode> {
    table::find(request.to).ok_or(IpcCode::NonExisting)
}

/// Whether `from` names somebody to wait for: a special id, oneself, or a thread that exists. One that is dying does not: who has
/// deleted it may know already, however long the rest takes.
pub(super) fn specifier(from: u64) -> Result<(), IpcCode> {
    let special = from == ThreadId::ANY.raw() || from == ThreadId::ANY_LOCAL.raw();
    let exists = || table::find(from).is_some_and(|thread| thread.state() != State::Dying);
    if special || exists() {
        Ok(())
    } else {
        Err(IpcCode::NonExisting)
    }
}

/// The global id of a thread that the user named in a UTCB field, perhaps by its local id; 0 if it names nobody.
pub(super) fn global(me: Owned, id: u64) -> u64 {
    let id = ThreadId::from_raw(id);
    if id.is_nil() || id.is_global() {
        return id.raw();
    }
    me.space()
        .and_then(|space| space.global_id(id))
        .unwrap_or(0)
}

/// Whether a thread of this CPU can take part in an IPC.
pub(super) fn is_active(thread: Owned) -> bool {
    !matches!(thread.state(), State::Free | State::Inactive | State::Dying)
}

//! Asking sigma0 for memory and I/O ports. What it gives is mapped where it is physically, with all rights, and is
//! nobody else's (unless it is memory of a shared kind).

use pecan_abi::acceptor::Acceptor;
use pecan_abi::caching::{self, Caching};
use pecan_abi::error::IpcError;
use pecan_abi::fpage::{Fpage, IoFpage, Rights};
use pecan_abi::protocol::{SIGMA0_ANY_BASE, SIGMA0_DUMP, SIGMA0_EXT, SIGMA0_RPC, SIGMA0_VERBOSE};

use crate::ipc::{self, Received};
use crate::message::{Item, Message};
use crate::{kip, utcb};

/// Why there is no memory, or no ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// sigma0 does not give it: somebody has it, it is the kernel's, or there is none.
    Refused,
    /// sigma0 could not be asked.
    Ipc(IpcError),
}

/// Asks for the memory at `page`'s address. The receiver owns it from then on, and only the asking
/// thread gets it again; pages of the program's own image are there from the start.
///
/// # Errors
/// See [`RequestError`].
pub fn request(page: Fpage) -> Result<Fpage, RequestError> {
    ask(page.with_rights(Rights::NONE).raw(), caching::DEFAULT)
}

/// Asks for any `1 << log2` bytes of RAM (at least 12: one page).
///
/// # Errors
/// See [`RequestError`].
pub fn request_any(log2: u32) -> Result<Fpage, RequestError> {
    ask(SIGMA0_ANY_BASE | u64::from(log2) << 4, caching::DEFAULT)
}

/// As [`request_any`], cached in another way than the default one.
///
/// # Errors
/// See [`RequestError`].
pub fn request_any_cached(log2: u32, caching: Caching) -> Result<Fpage, RequestError> {
    ask(SIGMA0_ANY_BASE | u64::from(log2) << 4, caching.attribute())
}

/// Asks for I/O ports. Only the asking thread gets them again; its space has them from then on.
///
/// # Errors
/// See [`RequestError`].
pub fn request_ports(ports: IoFpage) -> Result<(), RequestError> {
    ask(ports.raw(), caching::DEFAULT).map(|_| ())
}

fn ask(page: u64, attributes: u64) -> Result<Fpage, RequestError> {
    let utcb = utcb::my();
    let before = utcb.acceptor();
    // SAFETY: sigma0 maps 1:1 what nobody has, so nothing of this program lies there.
    unsafe { utcb.set_acceptor(Acceptor::COMPLETE_WINDOW) };
    let answer = ipc::call(
        kip::sigma0(),
        &Message::new(SIGMA0_RPC).words(&[page, attributes]),
    );
    // SAFETY: as it was.
    unsafe { utcb.set_acceptor(before) };
    granted(&answer.map_err(RequestError::Ipc)?).ok_or(RequestError::Refused)
}

fn granted(answer: &Received) -> Option<Fpage> {
    match answer.message.items().next()? {
        Item::Map(item) if !item.fpage.is_nil() => Some(item.fpage),
        _ => None,
    }
}

/// Sets how much sigma0 prints (0: nothing). Root task only.
///
/// # Errors
/// sigma0 does not take messages.
pub fn set_verbosity(level: u64) -> Result<(), IpcError> {
    ipc::send(
        kip::sigma0(),
        &Message::new(SIGMA0_EXT).words(&[SIGMA0_VERBOSE, level]),
    )
}

/// Lets sigma0 print its book and waits until it has. Root task only.
///
/// # Errors
/// sigma0 does not take messages.
pub fn dump() -> Result<(), IpcError> {
    ipc::call(
        kip::sigma0(),
        &Message::new(SIGMA0_EXT).words(&[SIGMA0_DUMP, 1]),
    )
    .map(|_| ())
}

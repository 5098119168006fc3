//! The library's pager: one thread of the root task that serves the program's other spaces.
//!
//! It maps the program's image (and memory and ports that were [`share`]d) 1:1, so that statics and
//! functions are the same everywhere; it prints for threads that may not, and starts threads by message. It starts by
//! itself when the first thread of another space is made, or with [`start`].

mod request;
mod shared;

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

use pecan_abi::fpage::{Fpage, Rights};
use pecan_abi::id::ThreadId;
use pecan_abi::item::MapItem;
use pecan_abi::protocol::{self, IoFault, PageFault, exception};

use crate::ipc::Received;
use crate::message::Message;
use crate::thread::{Builder, Stack, StartError};
use crate::{image, kip, println, schedule, server};

pub use shared::{Full, share, share_ports};

pub(crate) use request::{ask_for_exit, ask_for_print, ask_for_start};

static RUNNING: AtomicU64 = AtomicU64::new(0);
static STACK: Stack<16384> = Stack::new();

/// Priority of the pager: the highest, so that no thread that waits for a page waits for others too.
const PRIORITY: u8 = 255;

/// The pager's id; nil before it was started.
#[must_use]
pub fn running() -> ThreadId {
    ThreadId::from_raw(RUNNING.load(Acquire))
}

/// Starts the pager on the caller's CPU, unless it runs already; returns its id. To be called in the
/// root task's space.
///
/// # Errors
/// What making a thread can fail with.
pub fn start() -> Result<ThreadId, StartError> {
    if !running().is_nil() {
        return Ok(running());
    }
    let builder = Builder::new().pager(kip::sigma0()).priority(PRIORITY);
    let id = builder.start(|_| serve(), 0, &STACK)?;
    RUNNING.store(id.raw(), Release);
    Ok(id)
}

/// The pager's loop, for a program that wants to run it on a thread of its own making.
pub fn serve() -> ! {
    server::serve(answer)
}

/// The answer to one request, for a program that has more to serve in the same loop; `None`: no
/// answer. A thread that faults where there is nothing is reported and stays blocked.
#[must_use]
pub fn answer(request: &Received) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    if let Some(fault) = PageFault::from_words(words) {
        return page(request.from, fault);
    }
    if schedule::preemption(request).is_some() {
        // A thread whose scheduler the pager is may go on.
        return Some(Message::new(0));
    }
    if let Some(fault) = IoFault::from_words(words) {
        return ports(request.from, fault);
    }
    if protocol::class(message.label()) == protocol::EXCEPTION {
        report_exception(request);
        return None;
    }
    request::answer(message)
}

/// The map item for a fault, or `None` if the program has nothing there or not that right.
#[must_use]
pub fn map_item(fault: PageFault) -> Option<MapItem> {
    let page = fault.address & !0xfff;
    let rights = image::rights(page).or_else(|| shared::rights(page))?;
    // A processor without execute protection reports a fetch as a read.
    if !rights.contains(fault.access) && fault.access != Rights::EXECUTE {
        return None;
    }
    // SAFETY: the page is the program's own, so sigma0 has given it or will now.
    unsafe { image::touch(page..page + 1) };
    Some(MapItem {
        send_base: page,
        fpage: Fpage::new(page, 12, rights),
    })
}

fn page(from: ThreadId, fault: PageFault) -> Option<Message> {
    let Some(item) = map_item(fault) else {
        let PageFault {
            address,
            ip,
            access,
        } = fault;
        println!(
            "[pager] thread {:x} cannot {} {address:#x} (ip {ip:#x}); it stays blocked",
            from.raw(),
            name_of(access),
        );
        return None;
    };
    // A thread of this space has the page now that the pager touched it.
    Some(if from.is_local() {
        Message::new(0)
    } else {
        Message::new(0).map(item)
    })
}

/// A thread of this space has all the ports that there are to share.
fn ports(from: ThreadId, fault: IoFault) -> Option<Message> {
    if !from.is_local() && shared::has_ports(fault.ports) {
        return Some(Message::new(0).map(MapItem {
            send_base: 0,
            fpage: fault.ports.fpage(),
        }));
    }
    println!(
        "[pager] thread {:x} cannot use ports {:#x} to {:#x} (ip {:#x}); it stays blocked",
        from.raw(),
        fault.ports.port(),
        fault.ports.last(),
        fault.ip,
    );
    None
}

fn name_of(access: Rights) -> &'static str {
    match access {
        Rights::WRITE => "write",
        Rights::EXECUTE => "execute",
        _ => "read",
    }
}

fn report_exception(request: &Received) {
    let register = |index: usize| request.message.word_at(index - 1);
    println!(
        "[pager] thread {:x} raised exception {} at {:#x} (rsp {:#x}); it stays blocked",
        request.from.raw(),
        register(exception::VECTOR),
        register(exception::RIP),
        register(exception::RSP),
    );
}

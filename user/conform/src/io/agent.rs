//! Threads in spaces of their own that use, give and take ports when told to.

use l4::thread::Builder;
use l4::{Acceptor, IoFpage, Tag, ThreadId, port, sigma0, syscall, utcb};

use crate::harness::pager::{self, ADDRESS, COUNT, SKIP};
use crate::harness::{Failure, Job, Outcome, SOON, board, equal, hex, worker};

const READ: u64 = 1;
const UNMAP: u64 = 2;
const FLUSH: u64 = 3;
const GIVE: u64 = 4;
const TAKE: u64 = 5;

/// First word of items: a map item, a grant item.
pub(super) const MAP: u64 = 8;
pub(super) const GRANT: u64 = 10;

/// 1024 ports behind which no device is: reading gives ones.
pub(super) const NOTHING: u16 = 0x5000;
/// The second serial port's scratch register, which keeps what is written.
pub(super) const SCRATCH: u16 = 0x2FF;

/// Ports of the tests' own space. Others are asked for by tests.
const OURS: [IoFpage; 5] = [
    IoFpage::new(NOTHING, 10),
    IoFpage::new(0x2F8, 3),
    IoFpage::new(0x510, 1),
    IoFpage::new(0xCF8, 2),
    IoFpage::new(0xFFFC, 2),
];

/// One port.
pub(super) const fn one(port: u16) -> IoFpage {
    IoFpage::new(port, 0)
}

/// Asks for the ports in [`OURS`], the first time; gives the test's pager, which lets threads go on behind input and
/// output of a byte.
#[track_caller]
pub(super) fn open() -> Result<ThreadId, Failure> {
    use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
    static IS_OPEN: AtomicBool = AtomicBool::new(false);
    if !IS_OPEN.swap(true, SeqCst) {
        for ports in OURS {
            if let Err(error) = sigma0::request_ports(ports) {
                return Err(Failure::new(format_args!("no ports: {error:?}")));
            }
        }
    }
    board::put(SKIP, 1);
    pager::start()
}

/// An agent.
#[derive(Clone, Copy)]
pub(super) struct Agent(pub(super) ThreadId);

/// The ports of the tests and this many agents on the first processor.
#[track_caller]
pub(super) fn agents<const N: usize>() -> Result<[Agent; N], Failure> {
    let pager = open()?;
    let mut all = [Agent(ThreadId::NIL); N];
    for agent in &mut all {
        *agent = start(worker::away().pager(pager))?;
    }
    Ok(all)
}

/// An agent of this plan.
#[track_caller]
pub(super) fn start(plan: Builder) -> Result<Agent, Failure> {
    worker::start(plan, |_| serve(), 0).map(Agent)
}

fn serve() {
    let utcb = utcb::my();
    let mut to = 0;
    loop {
        // SAFETY: only ports are given to agents.
        unsafe { utcb.set_br(0, Acceptor::COMPLETE_WINDOW.raw()) };
        // SAFETY: this thread's own UTCB; for the acceptor see above.
        let from = unsafe { syscall::ipc(to, ThreadId::ANY.raw(), 0, utcb.mr0()) };
        let tag = Tag::from_raw(utcb.mr(0));
        if tag.is_error() {
            to = 0;
            continue;
        }
        let result = carry_out(tag.label(), [utcb.mr(1), utcb.mr(2), utcb.mr(3)]);
        utcb.set_mr(0, Tag::new(0, 1, 0).raw());
        utcb.set_mr(1, result);
        to = from;
    }
}

fn carry_out(operation: u64, [first, second, third]: [u64; 3]) -> u64 {
    let ports = IoFpage::from_fpage(l4::Fpage::from_raw(first));
    match (operation, ports) {
        (READ, _) => read(first as u16),
        (UNMAP, Some(ports)) => {
            port::unmap(ports);
            0
        }
        (FLUSH, Some(ports)) => {
            port::flush(ports);
            0
        }
        (GIVE, _) => {
            let given = send(ThreadId::from_raw(first), [second, third]);
            match given.mr[0] & Tag::ERROR {
                0 => 0,
                error => error | given.error,
            }
        }
        _ => 0,
    }
}

/// Reads a byte.
pub(super) fn read(port: u16) -> u64 {
    // SAFETY: the devices of these tests leave memory alone.
    u64::from(unsafe { port::read8(port) })
}

/// Writes a byte.
pub(super) fn write(port: u16, value: u8) {
    // SAFETY: as for reading.
    unsafe { port::write8(port, value) };
}

fn send(to: ThreadId, item: [u64; 2]) -> crate::harness::job::Done {
    Job::call(to)
        .tag(Tag::new(TAKE, 0, 2).raw())
        .registers(1, &item)
        .within(SOON, SOON)
        .now()
}

/// Gives ports of the test's own space to `to`; `kind` is that of the item.
#[track_caller]
pub(super) fn give(to: Agent, kind: u64, ports: IoFpage) -> Outcome {
    send(to.0, [kind, ports.raw()]).ok()
}

impl Agent {
    #[track_caller]
    fn ask(self, operation: u64, words: &[u64]) -> Result<u64, Failure> {
        let done = Job::call(self.0)
            .tag(Tag::new(operation, words.len(), 0).raw())
            .registers(1, words)
            .within(SOON, SOON)
            .now();
        done.ok()?;
        Ok(done.mr[1])
    }

    /// Gives ports of its own to `to`; the error flag and the code of its IPC.
    #[track_caller]
    pub(super) fn try_give(self, to: Self, kind: u64, ports: IoFpage) -> Result<u64, Failure> {
        self.ask(GIVE, &[to.0.raw(), kind, ports.raw()])
    }

    /// Gives ports of its own to `to`.
    #[track_caller]
    pub(super) fn give(self, to: Self, kind: u64, ports: IoFpage) -> Outcome {
        hex("error", self.try_give(to, kind, ports)?, 0)
    }

    /// Takes ports from whoever got them from it.
    #[track_caller]
    pub(super) fn unmap(self, ports: IoFpage) -> Outcome {
        self.ask(UNMAP, &[ports.raw()]).map(|_| ())
    }

    /// Takes ports from itself, too.
    #[track_caller]
    pub(super) fn flush(self, ports: IoFpage) -> Outcome {
        self.ask(FLUSH, &[ports.raw()]).map(|_| ())
    }

    /// Reads a byte, with or without a fault.
    #[track_caller]
    pub(super) fn tries(self, port: u16) -> Outcome {
        self.ask(READ, &[u64::from(port)]).map(drop)
    }

    /// Reads a byte without faulting.
    #[track_caller]
    pub(super) fn reads(self, port: u16) -> Result<u64, Failure> {
        let before = board::get(COUNT);
        let got = self.ask(READ, &[u64::from(port)])?;
        if board::get(COUNT) != before {
            return Err(Failure::new(format_args!("port {port:#x} faults")));
        }
        Ok(got)
    }

    /// Reads each of the ports without faulting.
    #[track_caller]
    pub(super) fn has(self, ports: &[u16]) -> Outcome {
        for port in ports {
            self.reads(*port)?;
        }
        Ok(())
    }

    /// Faults at each of the ports.
    #[track_caller]
    pub(super) fn lacks(self, ports: &[u16]) -> Outcome {
        for port in ports {
            let before = board::get(COUNT);
            self.ask(READ, &[u64::from(*port)])?;
            let faults = board::get(COUNT).wrapping_sub(before);
            if faults != 1 {
                let why = format_args!("port {port:#x} faults {faults} times");
                return Err(Failure::new(why));
            }
            hex("ports", board::get(ADDRESS), one(*port).raw())?;
            equal("from", board::get(pager::FROM), self.0.raw())?;
        }
        Ok(())
    }
}

//! Threads in spaces of their own that touch, give and unmap pages when told to.

use l4::thread::Builder;
use l4::{Acceptor, Fpage, MapItem, Rights, Tag, ThreadId, memory, syscall, utcb};

use crate::harness::pager::{self, COUNT};
use crate::harness::{Failure, Job, Outcome, SOON, board, equal, hex, worker};
use crate::pf::touch;

const READ: u64 = 1;
const WRITE: u64 = 2;
const EXECUTE: u64 = 3;
const UNMAP: u64 = 4;
const FLUSH: u64 = 5;
const GIVE: u64 = 6;
const TAKE: u64 = 7;

/// First word of items: a map item, a grant item.
pub(crate) const MAP: u64 = 8;
pub(crate) const GRANT: u64 = 10;

/// Where agents get pages, 2 MiB aligned; nothing of the program is there.
pub(crate) const PLACE: u64 = 0x5000_0000;

/// What stands in the page that a space gets where it has lost one.
const LOST: u64 = 0x1057;

/// An agent.
#[derive(Clone, Copy)]
pub(crate) struct Agent(pub(crate) ThreadId);

/// The test's pager, then this many agents on the first processor.
#[track_caller]
pub(crate) fn agents<const N: usize>() -> Result<[Agent; N], Failure> {
    let pager = pager::start()?;
    let mut all = [Agent(ThreadId::NIL); N];
    for agent in &mut all {
        *agent = start(worker::away().pager(pager))?;
    }
    Ok(all)
}

/// An agent of this plan.
#[track_caller]
pub(crate) fn start(plan: Builder) -> Result<Agent, Failure> {
    worker::start(plan, |_| serve(), 0).map(Agent)
}

fn serve() {
    let utcb = utcb::my();
    let mut to = 0;
    loop {
        // SAFETY: tests give pages only where nothing else is.
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
    match operation {
        READ => touch::read(first),
        WRITE => {
            touch::write(first, second);
            0
        }
        EXECUTE => {
            touch::execute(first);
            0
        }
        UNMAP => u64::from(memory::unmap(Fpage::from_raw(first)).bits()),
        // SAFETY: the page is the test's, and the agent runs on others.
        FLUSH => u64::from(unsafe { memory::flush(Fpage::from_raw(first)) }.bits()),
        GIVE => {
            let to = ThreadId::from_raw(first);
            let given = send(to, [second, third]);
            match given.mr[0] & Tag::ERROR {
                0 => 0,
                error => error | given.error,
            }
        }
        _ => 0,
    }
}

fn send(to: ThreadId, item: [u64; 2]) -> crate::harness::job::Done {
    Job::call(to)
        .tag(Tag::new(TAKE, 0, 2).raw())
        .registers(1, &item)
        .within(SOON, SOON)
        .now()
}

/// An item of `kind` that sends `page` to `target`, if the window is the complete address space.
pub(crate) const fn item(kind: u64, target: u64, page: Fpage) -> [u64; 2] {
    [target | kind, page.raw()]
}

/// A page of 4 KiB with rights.
pub(crate) const fn small(address: u64, rights: Rights) -> Fpage {
    Fpage::new(address, 12, rights)
}

/// Gives a page of the test's own space to `to`.
#[track_caller]
pub(crate) fn give(to: Agent, item: [u64; 2]) -> Outcome {
    send(to.0, item).ok()
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

    /// Gives a page of its own to `to`; the error flag and the code of its IPC.
    #[track_caller]
    pub(crate) fn try_give(self, to: Agent, [first, second]: [u64; 2]) -> Result<u64, Failure> {
        self.ask(GIVE, &[to.0.raw(), first, second])
    }

    /// Gives a page of its own to `to`.
    #[track_caller]
    pub(crate) fn give(self, to: Agent, item: [u64; 2]) -> Outcome {
        let error = self.try_give(to, item)? & Tag::ERROR;
        equal("error of the agent's IPC", error, 0)
    }

    /// Writes without faulting.
    #[track_caller]
    pub(crate) fn writes(self, address: u64, value: u64) -> Outcome {
        let before = board::get(COUNT);
        self.ask(WRITE, &[address, value])?;
        equal("faults", board::get(COUNT) - before, 0)
    }

    /// Faults when it writes, and gets the test's own `source` to go on.
    #[track_caller]
    pub(crate) fn faults_writing(self, address: u64, source: u64, value: u64) -> Outcome {
        let page = small(source, Rights::READ_WRITE);
        self.faults_until(
            address,
            MapItem {
                send_base: address,
                fpage: page,
            },
            value,
        )
    }

    /// Faults when it writes, and gets this item to go on.
    #[track_caller]
    pub(crate) fn faults_until(self, address: u64, item: MapItem, value: u64) -> Outcome {
        let before = board::get(COUNT);
        pager::order_item(item);
        self.ask(WRITE, &[address, value])?;
        equal("faults", board::get(COUNT) - before, 1)
    }

    /// Runs code at `at` in `page`, which returns at once; counts faults, after which it gets `source`.
    #[track_caller]
    pub(crate) fn executes(self, page: u64, at: u64, source: u64) -> Result<u64, Failure> {
        let before = board::get(COUNT);
        pager::order(page, source, Rights::READ_EXECUTE);
        self.ask(EXECUTE, &[at])?;
        Ok(board::get(COUNT) - before)
    }

    /// Has the page, with this word.
    #[track_caller]
    pub(crate) fn has(self, address: u64, value: u64) -> Outcome {
        let before = board::get(COUNT);
        pager::order(address, touch::page(15, LOST), Rights::READ);
        let got = self.ask(READ, &[address])?;
        equal("faults", board::get(COUNT) - before, 0)?;
        hex("what it read", got, value)
    }

    /// Has not the page. It gets another there.
    #[track_caller]
    pub(crate) fn has_lost(self, address: u64) -> Outcome {
        let before = board::get(COUNT);
        pager::order(address, touch::page(15, LOST), Rights::READ);
        let got = self.ask(READ, &[address])?;
        equal("faults", board::get(COUNT) - before, 1)?;
        hex("what it read", got, LOST)
    }

    /// Unmaps, and returns the accesses.
    #[track_caller]
    pub(crate) fn unmap(self, page: Fpage) -> Result<u64, Failure> {
        self.ask(UNMAP, &[page.raw()])
    }

    /// Flushes, and returns the accesses.
    #[track_caller]
    pub(crate) fn flush(self, page: Fpage) -> Result<u64, Failure> {
        self.ask(FLUSH, &[page.raw()])
    }
}

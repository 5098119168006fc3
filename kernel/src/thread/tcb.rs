//! The thread control block.
//!
//! ```text
//! line 0 (what a short message touches)
//!   0 id          8 home, state   16 waits for     24 local id
//!  32 space's root 40 deadline    48 senders       56 resources 60 priority 61 listed 62 again 63 bucket
//! line 1
//!  64 from       72 UTCB (kernel alias of MR0)     80 saved stack  88 space  96 message ...
//! then: what a sender lends, nodes, lists, scheduling
//! .... kernel stack, down from the block's end
//! ```
//!
//! Fields in `Cell`s belong to the home CPU. Those under "lent" belong to the CPU that holds the thread's request
//! while one is out.

use core::cell::Cell;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use pecan_abi::id::ThreadId;
use pecan_rules::budget::UNLIMITED;
use pecan_rules::preemption::Allowance;
use pecan_rules::queue::SendQueue;
use pecan_smp::protocol::Kind;
use pecan_smp::request::Request;
use pecan_smp::travel::Travel;

use super::node::{Again, Node};
use super::owned::TcbRef;
use super::state::{State, home_of, home_word};
use super::transfer::Transfer;
use super::utcb::{Field, UtcbRef};
use crate::space::Space;

/// Bytes of a thread's block; also the distance from the TCB to its stack top.
#[cfg(not(feature = "without-stack-in-tcb"))]
pub(crate) const STACK_TOP_OFFSET: u64 = 4096;
#[cfg(feature = "without-stack-in-tcb")]
pub(crate) use super::apart::STACK_TOP_OFFSET;

/// Message registers that a message can fill.
pub(crate) const MESSAGE_ROOM: u8 = 63;

/// A thread.
#[repr(C, align(64))]
pub(crate) struct Tcb {
    id: AtomicU64,
    home: AtomicU64,
    /// Whom a waiting thread accepts; see `pecan_rules::rendezvous`.
    pub(crate) wait: Cell<u64>,
    /// The user's address of MR0.
    pub(crate) local_id: Cell<u64>,
    /// Translation root of the space.
    pub(crate) root: Cell<u64>,
    /// When the current phase times out, in microseconds of the system clock; `u64::MAX` is never.
    pub(crate) deadline: Cell<u64>,
    /// Threads that want to send to this one.
    pub(crate) senders: Cell<SendQueue<TcbRef>>,
    /// Work that a switch must not skip.
    pub(crate) resources: Cell<u32>,
    /// 0 to 255, higher first.
    pub(crate) priority: Cell<u8>,
    /// In a ready list.
    pub(crate) listed: Cell<bool>,
    /// What to take up when it runs.
    pub(crate) again: Cell<Again>,
    /// Wakeup bucket; 255 is none.
    pub(crate) bucket: Cell<u8>,

    /// Who sent the message that ended the receive phase: RSI of the IPC.
    pub(crate) from: Cell<u64>,
    /// The kernel's alias of MR0.
    pub(crate) utcb: Cell<UtcbRef>,
    /// Stack pointer with which a switch to this thread goes on; see `arch::x86_64::switch`.
    pub(crate) stack: Cell<u64>,
    pub(super) space: AtomicPtr<Space>,
    /// Where messages come from and go to: the UTCB, or what the kernel says aside ([`super::aside`]).
    pub(crate) message: Cell<UtcbRef>,

    // Lent with a request, or while queued.
    /// Destination of the send phase.
    pub(crate) send_to: Cell<u64>,
    /// FromSpecifier of the IPC.
    pub(crate) receive_from: Cell<u64>,
    /// The tag to send.
    pub(crate) send_tag: Cell<u64>,
    /// Timeouts of the IPC.
    pub(crate) timeouts: Cell<u64>,
    /// For whom the message is sent, a raw id, if the tag says that it is propagated.
    pub(crate) virtual_sender: Cell<u64>,
    /// The virtual sender waits for the receiver instead of this thread, until the message has arrived.
    pub(crate) passed_wait: Cell<bool>,
    /// To whom the message was meant to go, a raw id, if the tag says that it is redirected.
    pub(crate) intended: Cell<u64>,
    /// Next in the partner's send queue.
    pub(crate) queue_next: Cell<Option<TcbRef>>,
    /// Previous in the partner's send queue.
    pub(crate) queue_prev: Cell<Option<TcbRef>>,
    /// ErrorCode of a transfer that was cut, for the asker's home; 0 is none.
    pub(crate) transfer_error: Cell<u64>,
    /// While a request is out: somebody aborted the receive phase, too, that follows it. Home CPU.
    pub(crate) receive_aborted: Cell<bool>,
    /// At whose queue: the block's address, or 0. Others may look at it, as a hint.
    queued_at: AtomicU64,

    /// The word of the outstanding request.
    pub(crate) request: Request,
    /// Travels with a request or a system call, and back as the answer; also with the thread itself.
    pub(crate) request_node: Node,
    /// Travels with a cancel, and back.
    pub(crate) cancel_node: Node,
    /// The system call that another CPU carries out for this thread.
    pub(crate) control: Cell<crate::sys::remote::Control>,

    /// Ready list links.
    pub(crate) ready_next: Cell<Option<TcbRef>>,
    /// Ready list links.
    pub(crate) ready_prev: Cell<Option<TcbRef>>,
    /// Wakeup bucket links.
    pub(crate) wakeup_next: Cell<Option<TcbRef>>,
    /// Wakeup bucket links.
    pub(crate) wakeup_prev: Cell<Option<TcbRef>>,
    /// Length of a time slice in microseconds; `u64::MAX` is for ever.
    pub(crate) slice: Cell<u64>,
    /// What is left of the current one.
    pub(crate) slice_left: Cell<u64>,
    /// What is left of the total quantum, in microseconds; `u64::MAX` is unlimited.
    pub(crate) quantum_left: Cell<u64>,
    /// How long it may delay its preemption.
    pub(crate) allowance: Cell<Allowance>,
    /// Id of the thread that may schedule this one.
    pub(crate) scheduler: Cell<u64>,
    /// Where it belongs, and where it is to go; [`super::migrate::set_travel`] changes it.
    pub(crate) travel: Cell<Travel>,
    /// UTCB location that an inactive thread was given.
    pub(crate) utcb_location: Cell<u64>,
    /// State that the thread will have where it arrives.
    pub(crate) arrives_as: Cell<State>,
    /// The message with strings that it is in the middle of.
    pub(crate) transfer: Transfer,
    /// How many message registers a message may bring: those beyond belong to what the thread was doing when the
    /// kernel began to speak for it.
    pub(crate) room: Cell<u8>,
    /// FPU save area, once used.
    pub(crate) fpu: Cell<Option<crate::arch::x86_64::fpu::Area>>,
    /// Debug registers, once used.
    pub(crate) debug: Cell<Option<crate::arch::x86_64::debug::Area>>,
}

/// Offsets of what assembler reads.
pub(crate) mod offsets {
    use super::Tcb;
    use core::mem::offset_of;

    /// The global id.
    pub(crate) const ID: usize = offset_of!(Tcb, id);
    /// Home and state.
    pub(crate) const HOME: usize = offset_of!(Tcb, home);
    /// The kernel's alias of MR0.
    pub(crate) const UTCB: usize = offset_of!(Tcb, utcb);
    /// The user's address of MR0.
    pub(crate) const LOCAL_ID: usize = offset_of!(Tcb, local_id);
    /// The saved stack pointer.
    pub(crate) const STACK: usize = offset_of!(Tcb, stack);
    /// The space's root.
    pub(crate) const ROOT: usize = offset_of!(Tcb, root);
    /// Where messages go.
    pub(crate) const MESSAGE: usize = offset_of!(Tcb, message);
    /// The result `from`.
    pub(crate) const FROM: usize = offset_of!(Tcb, from);
}

const _: () = {
    assert!(core::mem::offset_of!(Tcb, id) == 0);
    assert!(
        core::mem::offset_of!(Tcb, bucket) == 63,
        "the first line is what a message touches"
    );
    assert!(core::mem::offset_of!(Tcb, from) == 64);
    assert!(
        size_of::<Tcb>() <= 704,
        "the stack needs the rest of the block"
    );
};

impl Tcb {
    /// A thread of CPU `cpu` that does not run yet, in `space`, with nothing done.
    pub(super) fn new(id: ThreadId, cpu: u16, scheduler: ThreadId) -> Self {
        Self {
            id: AtomicU64::new(id.raw()),
            home: AtomicU64::new(home_word(cpu, State::Inactive)),
            wait: Cell::new(0),
            utcb: Cell::new(UtcbRef::none()),
            message: Cell::new(UtcbRef::none()),
            local_id: Cell::new(0),
            stack: Cell::new(0),
            root: Cell::new(0),
            resources: Cell::new(0),
            priority: Cell::new(100),
            listed: Cell::new(false),
            again: Cell::new(Again::Nothing),
            bucket: Cell::new(pecan_rules::wakeup::UNLISTED),
            from: Cell::new(0),
            deadline: Cell::new(u64::MAX),
            senders: Cell::new(SendQueue::new()),
            space: AtomicPtr::new(core::ptr::null_mut()),
            send_to: Cell::new(0),
            receive_from: Cell::new(0),
            send_tag: Cell::new(0),
            timeouts: Cell::new(0),
            virtual_sender: Cell::new(0),
            passed_wait: Cell::new(false),
            intended: Cell::new(0),
            queue_next: Cell::new(None),
            queue_prev: Cell::new(None),
            transfer_error: Cell::new(0),
            receive_aborted: Cell::new(false),
            queued_at: AtomicU64::new(0),
            request: Request::new(),
            request_node: Node::new(Kind::Request),
            cancel_node: Node::new(Kind::Cancel),
            control: Cell::new(crate::sys::remote::Control::EMPTY),
            ready_next: Cell::new(None),
            ready_prev: Cell::new(None),
            wakeup_next: Cell::new(None),
            wakeup_prev: Cell::new(None),
            slice: Cell::new(10_000),
            slice_left: Cell::new(10_000),
            quantum_left: Cell::new(UNLIMITED),
            allowance: Cell::new(Allowance::NONE),
            scheduler: Cell::new(scheduler.raw()),
            travel: Cell::new(Travel::new()),
            utcb_location: Cell::new(u64::MAX),
            arrives_as: Cell::new(State::Inactive),
            transfer: Transfer::none(),
            room: Cell::new(MESSAGE_ROOM),
            fpu: Cell::new(None),
            debug: Cell::new(None),
        }
    }

    /// The global id; any CPU. 0 in a slot without a thread.
    #[inline(always)]
    pub(crate) fn id(&self) -> u64 {
        self.id.load(Ordering::Acquire)
    }

    /// Gives the thread another id, or none. Home CPU, or before anybody knows the thread.
    pub(super) fn set_id(&self, id: u64) {
        self.id.store(id, Ordering::Release);
    }

    /// Gives an existing thread another version. Home CPU, under the thread-control lock. A thread that sleeps, waiting
    /// for itself, goes on doing so.
    pub(crate) fn rename(&self, id: ThreadId) {
        for waits_for in [&self.wait, &self.receive_from] {
            if waits_for.get() == self.id() {
                waits_for.set(id.raw());
            }
        }
        self.set_id(id.raw());
        if self.state() != State::Inactive {
            self.utcb.get().set(Field::MY_GLOBAL_ID, id.raw());
        }
    }

    /// Home and state; exact on the home CPU, a hint elsewhere.
    #[inline(always)]
    pub(crate) fn home_word(&self) -> u64 {
        self.home.load(Ordering::Acquire)
    }

    /// Home and state at one moment; a hint elsewhere.
    pub(crate) fn whereabouts(&self) -> (u16, State) {
        let word = self.home_word();
        (home_of(word), State::from_word(word))
    }

    /// The home CPU; exact there, a hint elsewhere.
    #[inline]
    pub(crate) fn home(&self) -> u16 {
        home_of(self.home_word())
    }

    /// The state; exact on the home CPU.
    #[inline]
    pub(crate) fn state(&self) -> State {
        State::from_word(self.home_word())
    }

    /// Sets home and state. Home CPU: a plain store.
    #[inline(always)]
    pub(super) fn set_home_word(&self, word: u64) {
        self.home.store(word, Ordering::Release);
    }

    /// Gives the thread a UTCB, perhaps another one. Home CPU, or before anybody knows the thread.
    pub(super) fn set_utcb(&self, utcb: UtcbRef) {
        if self.message.get() == self.utcb.get() {
            self.message.set(utcb);
        }
        self.utcb.set(utcb);
    }

    /// At whose send queue the thread waits.
    pub(crate) fn queued_at(&self) -> Option<TcbRef> {
        match self.queued_at.load(Ordering::Relaxed) {
            0 => None,
            address => Some(TcbRef::from_address(address)),
        }
    }

    /// Notes at whose send queue the thread waits. Whoever holds the thread's send phase.
    pub(crate) fn set_queued_at(&self, partner: Option<TcbRef>) {
        self.queued_at
            .store(partner.map_or(0, TcbRef::address), Ordering::Relaxed);
    }

    /// The address of the thread's block.
    pub(crate) fn block_address(&self) -> u64 {
        core::ptr::from_ref(self) as u64
    }
}

//! The per-CPU block.
//!
//! ```text
//! line 0, all that a short message touches:
//!  0 TCB array      8 "lives here and waits"  16 loaded root  24 root seen through the window
//! 32 user gs base  40 "lives here and runs"   48 (pad) 52 task state, whose rsp0 at 56 is the running thread's stack top
//! then: this block's address, dispatcher stack, scratch, slice left
//! .. mailbox, on a line of its own: other CPUs write it
//! .. ready lists, wakeups, counters
//! ```

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use pecan_smp::mailbox::Mailbox;
use x86_64::structures::tss::TaskStateSegment;

use super::create::{BITMAP_SIZE, STRUCT_SIZE};
use super::own::CpuCell;
use super::ports::PortMap;
use super::segments::Gdt;
use crate::ipc::remote::Backlog;
use crate::irq;
use crate::memory::layout;
use crate::sched::{Ready, Wakeups};
use crate::space::shootdown::Ends;
use crate::space::{Space, window};
use crate::thread::{STACK_TOP_OFFSET, State, TcbRef, home_word};

/// What the kernel counts per CPU. Read by the control call, from any CPU.
#[derive(Clone, Copy)]
#[repr(usize)]
pub(crate) enum Counter {
    /// Interrupts sent to other CPUs' mailboxes.
    IpisSent,
    /// Mailbox interrupts taken.
    IpisTaken,
    /// Threads picked by the dispatcher.
    Dispatches,
    /// Timer ticks.
    Ticks,
    /// Messages taken from the mailbox.
    RemoteRequests,
    /// Messages sent to other CPUs so that they drop translations or ports: each is at most one interrupt.
    FlushesSent,
}

/// How many counters there are.
pub(crate) const COUNTERS: usize = 6;

/// Puts the mailbox on a cache line that no other field shares.
#[repr(C, align(64))]
pub(crate) struct OwnLine<T>(pub(crate) T);

/// One CPU's block. Owner-only unless atomic.
#[repr(C, align(64))]
pub(crate) struct Cpu {
    tcb_array: u64,
    waiting_here: u64,
    loaded_root: AtomicU64,
    /// Of which root the CPU may hold translations for its window; 0 is none.
    window_root: AtomicU64,
    user_gs: Cell<u64>,
    ready_here: u64,
    pad: u32,
    task_state: TaskStateSegment,
    this: *const Cpu,
    dispatcher_stack: u64,
    scratch: Cell<u64>,
    /// Where this CPU sees the memory of others.
    pub(crate) window: window::Place,
    /// Microseconds that the running thread may go on; `u64::MAX` is for ever.
    pub(crate) slice_left: Cell<u64>,
    /// What other CPUs tell this one.
    pub(crate) mailbox: OwnLine<Mailbox>,
    /// What of it comes later.
    pub(crate) backlog: Backlog,
    /// Number of this CPU, from 0.
    pub(crate) index: u16,
    /// The id of its local APIC.
    pub(crate) apic_id: u32,
    /// The dispatcher must run before the kernel is left.
    pub(crate) reschedule: Cell<bool>,
    /// Priority of who donated the slice that the running thread is on, if that has `Resources::DONATED`.
    pub(crate) donor: Cell<u8>,
    /// The periodic timer is on.
    pub(crate) ticking: Cell<bool>,
    /// Ticks that the CPU idled through in a row.
    pub(crate) idle_ticks: Cell<u32>,
    /// Interrupts of devices that other CPUs passed on to this one.
    pub(crate) passed: irq::Passed,
    /// A thread has ended somewhere, and somebody here may wait for it.
    pub(crate) orphans: AtomicBool,
    /// A dead thread on whose stack somebody still stood.
    pub(crate) buried: Cell<Option<TcbRef>>,
    /// Spaces without threads: the first of a list.
    pub(crate) ending: Cell<Option<&'static Space>>,
    /// What it lends to flights for them.
    pub(crate) ends: Ends,
    /// How often somebody asked to be told when nothing is left to bury or to end, and up to which of these nothing is.
    pub(crate) ends_asked: Cell<u64>,
    /// See above; others wait for it.
    pub(crate) ends_done: AtomicU64,
    /// A thread that leaves for another CPU as soon as nobody stands on its stack.
    pub(crate) departing: Cell<Option<TcbRef>>,
    /// Threads that are ready.
    pub(crate) ready: CpuCell<Ready>,
    /// Threads that wait with a timeout.
    pub(crate) wakeups: CpuCell<Wakeups>,
    /// The I/O ports that programs may use here.
    pub(crate) ports: PortMap,
    /// The CPU that waits for this one to answer its ping: its number + 1, or 0.
    pub(crate) pinged_by: AtomicU32,
    /// The ping that this CPU sent has come back.
    pub(crate) ponged: AtomicBool,
    counters: [AtomicU64; COUNTERS],
    gdt: Cell<Option<&'static Gdt>>,
    gdt_memory: core::cell::UnsafeCell<Gdt>,
}

/// Offsets of what assembler reads through gs.
pub(crate) mod offsets {
    use super::{Cpu, STRUCT_SIZE, TaskStateSegment};
    use core::mem::offset_of;

    /// This block's own address.
    pub(crate) const THIS: usize = offset_of!(Cpu, this);
    /// First address of the TCB array.
    pub(crate) const TCB_ARRAY: usize = offset_of!(Cpu, tcb_array);
    /// The home word of a thread that lives here and waits.
    pub(crate) const WAITING_HERE: usize = offset_of!(Cpu, waiting_here);
    /// The home word of a thread that lives here and is ready.
    pub(crate) const READY_HERE: usize = offset_of!(Cpu, ready_here);
    /// The translation root in CR3.
    pub(crate) const LOADED_ROOT: usize = offset_of!(Cpu, loaded_root);
    /// The user's gs base.
    pub(crate) const USER_GS: usize = offset_of!(Cpu, user_gs);
    /// Whose translations the CPU may hold for its window.
    pub(crate) const WINDOW_ROOT: usize = offset_of!(Cpu, window_root);
    /// Top of the dispatcher's stack.
    pub(crate) const DISPATCHER_STACK: usize = offset_of!(Cpu, dispatcher_stack);
    /// A word for the system-call entry.
    pub(crate) const SCRATCH: usize = offset_of!(Cpu, scratch);
    /// rsp0 of the task state: the running thread's stack top.
    pub(crate) const STACK_TOP: usize = offset_of!(Cpu, task_state) + 4;
    /// Where the task state says where its I/O permission bitmap is.
    pub(crate) const PORT_BITMAP_BASE: usize =
        offset_of!(Cpu, task_state) + offset_of!(TaskStateSegment, iomap_base);
    /// From the task state to the I/O permission bitmap, which is behind the block.
    pub(crate) const PORT_BITMAP: u16 = (STRUCT_SIZE - offset_of!(Cpu, task_state)) as u16;
}

const _: () = assert!(
    offsets::STACK_TOP == 56,
    "rsp0 must be aligned, in the hot line"
);

impl Cpu {
    /// Where in the block its own node is.
    pub(crate) const NODE: usize = core::mem::offset_of!(Cpu, ends.node);

    /// A block for CPU `index` that will live at `this`.
    pub(super) fn new(
        this: *const Cpu,
        index: u16,
        apic_id: u32,
        dispatcher_stack: u64,
        fault_stack: u64,
        debug_stack: u64,
        ports: PortMap,
    ) -> Self {
        let mut task_state = TaskStateSegment::new();
        task_state.interrupt_stack_table[0] = x86_64::VirtAddr::new(fault_stack);
        task_state.interrupt_stack_table[1] = x86_64::VirtAddr::new(debug_stack);
        task_state.privilege_stack_table[0] = x86_64::VirtAddr::new(dispatcher_stack);
        task_state.iomap_base = offsets::PORT_BITMAP;
        Self {
            tcb_array: layout::TCB_BASE,
            waiting_here: home_word(index, State::Waiting),
            loaded_root: AtomicU64::new(0),
            window_root: AtomicU64::new(0),
            user_gs: Cell::new(0),
            ready_here: home_word(index, State::Ready),
            pad: 0,
            task_state,
            this,
            dispatcher_stack,
            scratch: Cell::new(0),
            window: window::Place::of(index),
            slice_left: Cell::new(0),
            mailbox: OwnLine(Mailbox::new()),
            backlog: Backlog::new(),
            index,
            apic_id,
            reschedule: Cell::new(false),
            donor: Cell::new(0),
            ticking: Cell::new(false),
            idle_ticks: Cell::new(0),
            passed: irq::Passed::new(),
            orphans: AtomicBool::new(false),
            buried: Cell::new(None),
            ending: Cell::new(None),
            ends: Ends::new(),
            ends_asked: Cell::new(0),
            ends_done: AtomicU64::new(0),
            departing: Cell::new(None),
            ready: CpuCell::new(Ready::new()),
            wakeups: CpuCell::new(Wakeups::new()),
            ports,
            pinged_by: AtomicU32::new(0),
            ponged: AtomicBool::new(false),
            counters: [const { AtomicU64::new(0) }; COUNTERS],
            gdt: Cell::new(None),
            gdt_memory: core::cell::UnsafeCell::new(Gdt::empty()),
        }
    }

    /// The CPU whose own node is at this address, and so in its block.
    pub(crate) fn containing(node: usize) -> &'static Self {
        let block = (node - Self::NODE) as *const Self;
        // SAFETY: blocks are made at boot and never freed, and the caller got the node's address from one.
        unsafe { &*block }
    }

    /// The home word of a thread that lives here and waits for a message.
    #[inline(always)]
    pub(crate) fn waiting_here(&self) -> u64 {
        self.waiting_here
    }

    /// Adds one to a counter. This CPU: a plain add, no locked instruction.
    #[inline]
    pub(crate) fn count(&self, counter: Counter) {
        let cell = &self.counters[counter as usize];
        cell.store(
            cell.load(Ordering::Relaxed).wrapping_add(1),
            Ordering::Relaxed,
        );
    }

    /// Reads a counter; any CPU. `None` if there is no such counter.
    pub(crate) fn counter(&self, index: usize) -> Option<u64> {
        self.counters
            .get(index)
            .map(|counter| counter.load(Ordering::Relaxed))
    }

    /// The translation root that this CPU has loaded.
    pub(crate) fn loaded_root(&self) -> u64 {
        self.loaded_root.load(Ordering::Relaxed)
    }

    /// Notes the root that was just loaded, or is about to be.
    pub(crate) fn set_loaded_root(&self, root: u64) {
        self.loaded_root.store(root, Ordering::Relaxed);
    }

    /// The root whose memory this CPU may still see through its window; 0 is none. Any CPU.
    pub(crate) fn window_root(&self) -> u64 {
        self.window_root.load(Ordering::Relaxed)
    }

    /// Notes whose memory the window is going to show.
    pub(crate) fn set_window_root(&self, root: u64) {
        self.window_root.store(root, Ordering::Relaxed);
    }

    /// Sets where user gs points.
    pub(super) fn set_user_gs(&self, user_gs: u64) {
        self.user_gs.set(user_gs);
    }

    /// The user's gs base on this CPU.
    pub(crate) fn user_gs(&self) -> u64 {
        self.user_gs.get()
    }

    /// Top of the dispatcher's stack.
    pub(super) fn dispatcher_stack(&self) -> u64 {
        self.dispatcher_stack
    }

    /// The thread that this CPU last switched to; it may have blocked since.
    pub(crate) fn running(&self) -> Option<TcbRef> {
        let top = self.stack_top();
        (top != self.dispatcher_stack).then(|| TcbRef::from_address(top - STACK_TOP_OFFSET))
    }

    /// The stack that the next interrupt from user mode will use.
    fn stack_top(&self) -> u64 {
        let field = &raw const self.task_state.privilege_stack_table;
        // SAFETY: the field lies in this block; it is packed, so the read is unaligned by type, and volatile
        // because the switch writes it through gs.
        unsafe { field.cast::<u64>().read_volatile() }
    }

    /// Builds and returns this CPU's descriptor table. Once, on this CPU.
    pub(super) fn descriptor_table(&'static self) -> &'static Gdt {
        let memory = self.gdt_memory.get();
        let bitmap = (self.this as usize + STRUCT_SIZE) as *const u8;
        // SAFETY: the bitmap and its end are behind the block; nobody changes them before programs run, and nobody
        // keeps the reference.
        let bitmap = unsafe { core::slice::from_raw_parts(bitmap, BITMAP_SIZE) };
        // SAFETY: called once, on this CPU, before anything else refers to the table.
        unsafe { memory.write(super::segments::table(&self.task_state, bitmap)) };
        // SAFETY: written just now, and never again.
        let table: &'static Gdt = unsafe { &*memory };
        self.gdt.set(Some(table));
        table
    }
}

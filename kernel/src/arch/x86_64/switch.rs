//! From one thread to another on this CPU.
//!
//! A thread that does not run has its stack pointer in its TCB; what that points to is the address where it goes on. The
//! dispatcher is no thread: it is entered on a fresh stack and left for good.
//!
//! ```text
//! saved stack pointer           the thread
//! RETURNS                       is in user mode, or blocked in an IPC system call; its stack is empty but for the user frame
//! AGAIN                         is blocked in an IPC system call that is to be taken up again
//! GAVE_WAY                      is in ThreadSwitch
//! into its stack                has not run yet, or is blocked or preempted in the middle of the kernel's code
//! ```
//! So most threads block without writing it. Who goes on in the middle of the kernel's code puts RETURNS back.

use core::arch::{asm, naked_asm};

use super::entry::call::thread_switch_return;
use super::entry::syscall::{ipc_again, ipc_return, start_user};
use crate::cpu::offsets::{DISPATCHER_STACK, LOADED_ROOT, STACK_TOP, USER_GS, WINDOW_ROOT};
use crate::memory::layout::USER_GS_ALIAS;
use crate::thread::{Owned, STACK_TOP_OFFSET, Tcb, tcb_offsets};

/// Where a thread goes on that is blocked in an IPC system call. Its address is the saved stack pointer.
pub(crate) static RETURNS: extern "C" fn() = ipc_return;
/// The same for one that is to take its IPC up again.
static AGAIN: extern "C" fn() = ipc_again;

/// Where a thread goes on that gave the CPU away by ThreadSwitch.
pub(crate) static GAVE_WAY: extern "C" fn() = thread_switch_return;

/// The common end of every switch: makes the thread in rax the running one.
///
/// In: rax the TCB, homed here, not running, interrupts off. The old stack pointer is saved already.
/// Out: does not return; goes on at the address on top of the thread's stack, with rax the TCB.
/// Clobbers rcx, rdx. Stack: the new thread's.
#[unsafe(naked)]
pub(crate) extern "C" fn enter() {
    naked_asm!(
        "mov rcx, [rax + {root}]",
        "cmp rcx, gs:[{loaded}]",
        "je 1f",
        "mov gs:[{loaded}], rcx",
        "mov cr3, rcx",
        "mov qword ptr gs:[{window_root}], 0",
        "1: mov rcx, [rax + {local_id}]",
        "mov rdx, gs:[{user_gs}]",
        "mov [rdx + {alias}], rcx",
        "lea rcx, [rax + {top}]",
        "mov gs:[{stack_top}], rcx",
        #[cfg(feature = "trace")]
        "jmp {traced}",
        "mov rsp, [rax + {stack}]",
        "ret",
        #[cfg(feature = "trace")]
        traced = sym traced,
        root = const tcb_offsets::ROOT,
        loaded = const LOADED_ROOT,
        window_root = const WINDOW_ROOT,
        local_id = const tcb_offsets::LOCAL_ID,
        user_gs = const USER_GS,
        alias = const USER_GS_ALIAS,
        top = const STACK_TOP_OFFSET,
        stack_top = const STACK_TOP,
        stack = const tcb_offsets::STACK,
    )
}

/// The end of [`enter`] in a kernel that traces.
///
/// In: rax the TCB, interrupts off. Out: as [`enter`]. Clobbers rbx, which nobody who was left relies on, and what a call
/// may. Stack: that of who was left, below what is saved; the new thread's may be none yet.
#[cfg(feature = "trace")]
#[unsafe(naked)]
extern "C" fn traced() {
    naked_asm!(
        "mov rbx, rax",
        "mov rdi, rax",
        "and rsp, -16",
        "call {runs}",
        "mov rax, rbx",
        "mov rsp, [rax + {stack}]",
        "ret",
        stack = const tcb_offsets::STACK,
        runs = sym crate::trace::runs,
    )
}

/// Leaves the running thread `me` for `next`; returns when somebody switches to `me` again.
/// This CPU, interrupts off; `me` is current, `next` is homed here and ready.
#[inline(always)]
pub(crate) fn to(me: Owned, next: Owned) {
    #[cfg(feature = "without-home-rule")]
    crate::ipc::big_lock::let_go();
    // SAFETY: rbx and rbp are kept on the stack, everything else is declared as clobbered; `me` stands on its own
    // stack, and `enter` takes up `next` where it left off.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "lea rcx, [rip + 2f]",
            "push rcx",
            "mov [rdi + {stack}], rsp",
            "jmp {enter}",
            "2: mov qword ptr [rax + {stack}], offset {plain}",
            "pop rbx",
            "pop rbp",
            stack = const tcb_offsets::STACK,
            plain = sym RETURNS,
            enter = sym enter,
            inout("rdi") me.as_ptr() => _,
            inout("rax") next.as_ptr() => _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("sysv64"),
        );
    }
}

/// Leaves the running thread `me` for the dispatcher; returns when `me` is switched to again.
/// This CPU, interrupts off; `me` is current.
#[inline(never)]
pub(crate) fn to_dispatcher(me: Owned) {
    #[cfg(feature = "without-home-rule")]
    crate::ipc::big_lock::let_go();
    // SAFETY: as in `to`; the dispatcher starts on its own empty stack.
    unsafe {
        asm!(
            "push rbp",
            "push rbx",
            "lea rcx, [rip + 2f]",
            "push rcx",
            "mov [rdi + {stack}], rsp",
            "jmp {leave}",
            "2: mov qword ptr [rax + {stack}], offset {plain}",
            "pop rbx",
            "pop rbp",
            stack = const tcb_offsets::STACK,
            plain = sym RETURNS,
            leave = sym leave,
            inout("rdi") me.as_ptr() => _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
            clobber_abi("sysv64"),
        );
    }
}

/// Enters the dispatcher on its empty stack.
///
/// In: nothing, interrupts off; whoever ran has saved its stack pointer. Does not return. Clobbers everything.
#[unsafe(naked)]
pub(crate) extern "C" fn leave() {
    naked_asm!(
        "mov rsp, gs:[{stack}]",
        "mov gs:[{stack_top}], rsp",
        "xor ebp, ebp",
        "call {dispatch}",
        "ud2",
        stack = const DISPATCHER_STACK,
        stack_top = const STACK_TOP,
        dispatch = sym crate::sched::dispatch,
    )
}

/// Enters the dispatcher for good from a stack that is no thread's.
pub(crate) fn abandon() -> ! {
    // SAFETY: nothing on the old stack is needed any more.
    unsafe { asm!("jmp {leave}", leave = sym leave, options(noreturn)) }
}

/// Takes up `next` from the dispatcher, whose stack is thrown away. This CPU, interrupts off.
pub(crate) fn resume(next: Owned) -> ! {
    // SAFETY: `next` is homed here and not running, and nothing on the dispatcher's stack is needed any more.
    unsafe { asm!("jmp {enter}", enter = sym enter, in("rax") next.as_ptr(), options(noreturn)) }
}

/// Makes the address of `then` the place where the not-running thread goes on, at the top of an empty kernel stack
/// that holds only the user frame. The function is entered with rsp at the frame's lower end.
pub(crate) fn prepare(thread: &Tcb, then: extern "C" fn()) {
    let base = thread.block_address() + STACK_TOP_OFFSET - super::entry::frame::RESERVED;
    let slot = (base - 8) as *mut u64;
    // SAFETY: the thread does not run, and the slot lies in its own stack, below the user frame.
    unsafe { slot.write(then as *const () as u64) };
    thread.stack.set(slot as u64);
}

/// A thread that is blocked in an IPC system call, and so would return to user mode, takes its IPC up again instead.
/// For any other thread its own code looks whether it has to.
pub(crate) fn redirect(thread: Owned) {
    if thread.stack.get() == address(&RETURNS) {
        thread.stack.set(address(&AGAIN));
    }
}

fn address(way: &'static extern "C" fn()) -> u64 {
    core::ptr::from_ref(way) as u64
}

/// A blocked thread serves a fault for its partner when it runs, above whatever it is blocked in, and is then blocked in
/// that again, or goes on with it.
pub(crate) fn interject(thread: Owned) {
    let saved = thread.stack.get();
    if saved == address(&RETURNS) {
        prepare(&thread, ipc_return);
    } else if saved == address(&AGAIN) {
        prepare(&thread, ipc_again);
    }
    let slot = thread.stack.get() - 8;
    // SAFETY: the thread does not run, and the word below its saved stack pointer is free.
    unsafe { (slot as *mut u64).write(interjected as *const () as u64) };
    thread.stack.set(slot);
}

/// What an interjected thread does: [`crate::ipc::strings::serve`], then what it says.
///
/// In: rsp at the word where the thread would go on otherwise. Out: goes on there, at once or later. Stack: the thread's.
/// Everything else was saved by whoever blocked.
#[unsafe(naked)]
extern "C" fn interjected() {
    naked_asm!(
        "xor ebp, ebp",
        "mov rbx, rsp",
        "mov rdi, rsp",
        "and rdi, -{block}",
        "and rsp, -16",
        "call {serve}",
        "mov rsp, rbx",
        "and rbx, -{block}",
        "mov qword ptr [rbx + {stack}], offset {plain}",
        "cmp rax, rbx",
        "je 1f",
        // A thread that is blocked in an IPC system call has nothing on its stack.
        "lea rcx, [rip + {ret}]",
        "cmp [rsp], rcx",
        "je 2f",
        "mov qword ptr [rbx + {stack}], offset {once_more}",
        "lea rcx, [rip + {again}]",
        "cmp [rsp], rcx",
        "je 2f",
        "mov [rbx + {stack}], rsp",
        "2: test rax, rax",
        "jnz {enter}",
        "jmp {leave}",
        "1: ret",
        block = const STACK_TOP_OFFSET,
        serve = sym crate::ipc::strings::serve,
        stack = const tcb_offsets::STACK,
        plain = sym RETURNS,
        once_more = sym AGAIN,
        ret = sym ipc_return,
        again = sym ipc_again,
        enter = sym enter,
        leave = sym leave,
    )
}

/// Whether the saved stack pointer of `thread` is that of one in user mode.
pub(crate) fn is_plain(thread: Owned) -> bool {
    thread.stack.get() == address(&RETURNS)
}

/// Whether `thread`, which does not run, has never run.
pub(crate) fn is_before_start(thread: Owned) -> bool {
    read_slot(thread.stack.get()) == start_user as *const () as u64
}

fn read_slot(slot: u64) -> u64 {
    // SAFETY: the caller found the slot in a stack of a thread that does not run.
    unsafe { (slot as *const u64).read() }
}

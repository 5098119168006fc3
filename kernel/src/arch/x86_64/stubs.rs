//! The system-call stubs that the kernel supplies: what the addresses in the KIP point to.
//!
//! They lie in a page of their own that every space can execute. A stub turns local ids into global ones
//! (the word 120 bytes below a local id is MyGlobalId; a wrong id faults in user mode), puts the call's number
//! into rbp, which every caller has saved, and enters the kernel. Registers: L4 X.2 on amd64, call-site contract.

use core::arch::naked_asm;

/// Numbers in rbp at the entry; 0 is Ipc and Lipc. Private to the stubs and the entry.
pub(crate) mod number {
    /// ExchangeRegisters.
    pub(crate) const EXCHANGE_REGISTERS: u64 = 1;
    /// ThreadControl.
    pub(crate) const THREAD_CONTROL: u64 = 2;
    /// SpaceControl.
    pub(crate) const SPACE_CONTROL: u64 = 3;
    /// Schedule.
    pub(crate) const SCHEDULE: u64 = 4;
    /// ThreadSwitch.
    pub(crate) const THREAD_SWITCH: u64 = 5;
    /// SystemClock.
    pub(crate) const SYSTEM_CLOCK: u64 = 6;
    /// Unmap.
    pub(crate) const UNMAP: u64 = 7;
    /// ProcessorControl.
    pub(crate) const PROCESSOR_CONTROL: u64 = 8;
    /// MemoryControl.
    pub(crate) const MEMORY_CONTROL: u64 = 9;
    /// The kernel's own control call.
    pub(crate) const CONTROL: u64 = 10;
    /// ExchangeRegisters of a thread that was named by its local id.
    pub(crate) const EXCHANGE_REGISTERS_LOCAL: u64 = 11;
}

/// Turns the id in a register from local to global; nil, anylocal and global ids stay.
macro_rules! to_global {
    ($low:literal, $full:literal) => {
        concat!(
            "test ",
            $low,
            ", 0x3f\n",
            "jnz 9f\n",
            "test ",
            $full,
            ", ",
            $full,
            "\n",
            "jz 9f\n",
            "cmp ",
            $full,
            ", -64\n",
            "je 9f\n",
            "mov ",
            $full,
            ", [",
            $full,
            " - 120]\n",
            "9:\n"
        )
    };
}

/// The tag goes in its register, the words by the UTCB: one, or all that callers have in registers.
#[cfg(feature = "without-registers")]
macro_rules! by_utcb {
    () => {
        "4: mov rdi, gs:[0]
         mov [rdi + 8], rax
         test r9d, 0xffe
         jz 6f
         mov [rdi + 16], rbx
         mov [rdi + 24], r10
         mov [rdi + 32], r12
         mov [rdi + 40], r13
         mov [rdi + 48], r14
         mov [rdi + 56], r15
         6: xor ebp, ebp
         syscall
         mov rax, [rdi + 8]
         test r9d, 0xffe
         jz 7f
         mov rbx, [rdi + 16]
         mov r10, [rdi + 24]
         mov r12, [rdi + 32]
         mov r13, [rdi + 40]
         mov r14, [rdi + 48]
         mov r15, [rdi + 56]
         7: ret"
    };
}

/// Ipc, Lipc. In: rsi to, rdx from, r8 timeouts, r9 rax rbx r10 r12-r15 MR0-7. Out: rsi from, MRs, rdi MR0's address.
#[unsafe(naked)]
#[unsafe(link_section = ".user_stubs")]
extern "C" fn ipc() {
    naked_asm!(
        "test sil, 0x3f",
        "jz 2f",
        "5: test dl, 0x3f",
        "jz 3f",
        #[cfg(not(feature = "without-registers"))]
        "4: xor ebp, ebp
         syscall
         ret",
        #[cfg(feature = "without-registers")]
        by_utcb!(),
        "2: test rsi, rsi",
        "jz 5b",
        "cmp rsi, -64",
        "je 5b",
        "mov rsi, [rsi - 120]",
        "jmp 5b",
        "3: test rdx, rdx",
        "jz 4b",
        "cmp rdx, -64",
        "je 4b",
        "mov rdx, [rdx - 120]",
        "jmp 4b",
    )
}

/// A stub that converts the given registers and enters the kernel with a number.
macro_rules! stub {
    ($(#[$doc:meta])* $name:ident, $number:expr $(, ($low:literal, $full:literal))*) => {
        $(#[$doc])*
        #[unsafe(naked)]
        #[unsafe(link_section = ".user_stubs")]
        extern "C" fn $name() {
            naked_asm!($(to_global!($low, $full),)* "mov ebp, {number}", "syscall", "ret", number = const $number)
        }
    };
}

/// ExchangeRegisters: rax dest. The kernel has to know whether it was named by a local id.
#[unsafe(naked)]
#[unsafe(link_section = ".user_stubs")]
extern "C" fn exchange_registers() {
    naked_asm!(
        "mov ebp, {global}",
        "test al, 0x3f",
        "jnz 1f",
        "test rax, rax",
        "jz 1f",
        "cmp rax, -64",
        "je 1f",
        "mov rax, [rax - 120]",
        "mov ebp, {local}",
        "1: syscall",
        "ret",
        global = const number::EXCHANGE_REGISTERS,
        local = const number::EXCHANGE_REGISTERS_LOCAL,
    )
}

stub!(/// ThreadControl: rsi pager, rdx scheduler, r8 space specifier; not the destination.
    thread_control, number::THREAD_CONTROL, ("sil", "rsi"), ("dl", "rdx"), ("r8b", "r8"));
stub!(/// SpaceControl: r9 redirector.
    space_control, number::SPACE_CONTROL, ("r9b", "r9"));
stub!(/// Schedule: rdi dest.
    schedule, number::SCHEDULE, ("dil", "rdi"));
stub!(/// ThreadSwitch: rdi dest.
    thread_switch, number::THREAD_SWITCH, ("dil", "rdi"));
stub!(/// SystemClock.
    system_clock, number::SYSTEM_CLOCK);
stub!(/// ProcessorControl.
    processor_control, number::PROCESSOR_CONTROL);
stub!(/// The kernel's control call.
    control, number::CONTROL);

/// Stores MR0-7 through rdi, so that the kernel finds them in the UTCB.
macro_rules! store_mrs {
    () => {
        "mov [rdi], r9
         mov [rdi + 8], rax
         mov [rdi + 16], rbx
         mov [rdi + 24], r10
         mov [rdi + 32], r12
         mov [rdi + 40], r13
         mov [rdi + 48], r14
         mov [rdi + 56], r15"
    };
}

/// Unmap. In: rdx control, rdi MR0's address, MRs in registers. Out: MRs, rdi.
#[unsafe(naked)]
#[unsafe(link_section = ".user_stubs")]
extern "C" fn unmap() {
    naked_asm!(
        store_mrs!(),
        "mov ebp, {number}",
        "syscall",
        "mov r9, [rdi]",
        "mov rax, [rdi + 8]",
        "mov rbx, [rdi + 16]",
        "mov r10, [rdi + 24]",
        "mov r12, [rdi + 32]",
        "mov r13, [rdi + 40]",
        "mov r14, [rdi + 48]",
        "mov r15, [rdi + 56]",
        "ret",
        number = const number::UNMAP,
    )
}

/// MemoryControl. In: rdx control, rcx rsi r8 r11 attributes, rdi MR0's address, MRs. The kernel gets the first and
/// the last attribute in r9 and r10, since SYSCALL destroys rcx and r11. Out: rdx result, rcx MR0, rax MR1, rdi.
#[unsafe(naked)]
#[unsafe(link_section = ".user_stubs")]
extern "C" fn memory_control() {
    naked_asm!(
        store_mrs!(),
        "mov r9, rcx",
        "mov r10, r11",
        "mov ebp, {number}",
        "syscall",
        "mov rcx, [rdi]",
        "mov rax, [rdi + 8]",
        "ret",
        number = const number::MEMORY_CONTROL,
    )
}

/// User addresses of the stubs, for the KIP.
pub(crate) struct Addresses {
    pub(crate) ipc: u64,
    pub(crate) exchange_registers: u64,
    pub(crate) thread_control: u64,
    pub(crate) space_control: u64,
    pub(crate) schedule: u64,
    pub(crate) thread_switch: u64,
    pub(crate) system_clock: u64,
    pub(crate) unmap: u64,
    pub(crate) processor_control: u64,
    pub(crate) memory_control: u64,
    pub(crate) control: u64,
}

/// Where user programs find the stubs: the page is linked at the address where they see it.
pub(crate) fn addresses() -> Addresses {
    let at = |stub: extern "C" fn()| stub as *const () as u64;
    Addresses {
        ipc: at(ipc),
        exchange_registers: at(exchange_registers),
        thread_control: at(thread_control),
        space_control: at(space_control),
        schedule: at(schedule),
        thread_switch: at(thread_switch),
        system_clock: at(system_clock),
        unmap: at(unmap),
        processor_control: at(processor_control),
        memory_control: at(memory_control),
        control: at(control),
    }
}

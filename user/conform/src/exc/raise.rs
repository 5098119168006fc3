//! Code that raises exceptions.

use core::arch::naked_asm;

use l4::abi::protocol::exception as mr;

use super::handler::RESULT;
use crate::harness::board;

macro_rules! raise {
    ($($(#[$doc:meta])* $name:ident: $($line:literal),+;)+) => {
        $(
            $(#[$doc])*
            #[unsafe(naked)]
            pub(super) extern "C" fn $name() {
                naked_asm!($($line),+, "ret")
            }
        )+
    };
}

/// Bytes before the dividing instruction.
pub(super) const DIVIDE_OFFSET: u64 = 6;
/// Bytes before the load.
pub(super) const NON_CANONICAL_OFFSET: u64 = 10;
/// Bytes before a segment register is loaded from EAX, or popped.
pub(super) const LOAD_OFFSET: u64 = 5;
pub(super) const NULL_OFFSET: u64 = 2;
pub(super) const POP_OFFSET: u64 = 2;
/// Bytes before the instruction that reports the division.
pub(super) const X87_OFFSET: u64 = 20;

raise! {
    divide: "xor eax, eax", "xor edx, edx", "xor ecx, ecx", "div ecx";
    undefined: "ud2";
    hlt: "hlt";
    cli: "cli";
    write_cr3: "mov cr3, rax";
    read_cr0: "mov rax, cr0";
    lgdt: "lgdt [rsp]";
    swapgs: "swapgs";
    int_80: "int 0x80";
    int_0: "int 0";
    int_20: "int 0x20";
    int_f0: "int 0xf0";
    breakpoint: "int3";
    int_3: ".byte 0xcd, 3";
    int_1: "int 1";
    int_4: "int 4";
    icebp: ".byte 0xf1";
    /// Instructions that 64-bit code has no more.
    pop_es: ".byte 0x07";
    push_es: ".byte 0x06";
    /// A register that is none: CR1.
    cr1: "mov cr1, rax";
    read_msr: "rdmsr";
    write_msr: "wrmsr";
    /// Selectors of the kernel, of no segment, and none at all for the stack.
    kernel_ds: "mov eax, 0x10", "mov ds, eax";
    kernel_ss: "mov eax, 0x10", "mov ss, eax";
    no_ss: "xor eax, eax", "mov ss, eax";
    beyond_gs: "mov eax, 0x1003", "mov gs, eax";
    pop_bad_fs: "push 0x10", "pop fs", "pop rax";
    pop_bad_gs: "push 0x38", "pop gs", "pop rax";
    /// The stack pointer is no address.
    bad_stack: "mov rax, rsp", "movabs rsp, 0x900000000000", "push rax";
    non_canonical: "movabs rax, 0x800000000000", "mov rax, [rax]";
    /// 1.0 / 0.0 with the exception unmasked, reported by the next waiting instruction.
    x87: "fninit", "push 0x37b", "fldcw [rsp]", "pop rax", "fld1", "fldz", "fdivp", "nop", "nop",
        "nop", "fwait";
    /// The exception comes after the instruction behind POPF.
    single_step: "pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop";
    /// The kernel interface trap and a bad system call with the trap flag set.
    step_over_system_call: "pushfq", "or qword ptr [rsp], 0x100", "popfq", "syscall", "nop";
}

/// Values of the registers in the message, by message register.
pub(super) const EXPECTED: [(usize, u64); 15] = [
    (mr::RBX, 0x1002),
    (mr::R10, 0x1003),
    (mr::R12, 0x1004),
    (mr::R13, 0x1005),
    (mr::R14, 0x1006),
    (mr::R15, 0x1007),
    (mr::RAX, 0x1008),
    (mr::RCX, 0x1009),
    (mr::RDX, 0x100A),
    (mr::RSI, 0x100B),
    (mr::RDI, 0x100C),
    (mr::RBP, 0x100D),
    (mr::R8, 0x100E),
    (mr::R9, 0x100F),
    (mr::R11, 0x1010),
];

/// What a message register of an exception is called.
pub(super) fn name(index: usize) -> &'static str {
    const NAMES: [&str; 20] = [
        "tag", "RIP", "RBX", "R10", "R12", "R13", "R14", "R15", "RAX", "RCX", "RDX", "RSI", "RDI",
        "RBP", "R8", "R9", "R11", "RSP", "RFLAGS", "vector",
    ];
    NAMES[index]
}

/// Registers as in [`EXPECTED`], the carry flag set.
#[unsafe(naked)]
pub(super) extern "C" fn full_registers() {
    naked_asm!(
        "mov ebx, 0x1002",
        "mov r10d, 0x1003",
        "mov r12d, 0x1004",
        "mov r13d, 0x1005",
        "mov r14d, 0x1006",
        "mov r15d, 0x1007",
        "mov eax, 0x1008",
        "mov ecx, 0x1009",
        "mov edx, 0x100a",
        "mov esi, 0x100b",
        "mov edi, 0x100c",
        "mov ebp, 0x100d",
        "mov r8d, 0x100e",
        "mov r9d, 0x100f",
        "mov r11d, 0x1010",
        "stc",
        "ud2",
        "ret",
    )
}

/// Adds 0x1000 to what the message registers 2-16 would be numbered: the order of the handler.
pub(super) fn order(words: &mut [u64; 19]) {
    for index in mr::RBX..=mr::R11 {
        words[index - 1] = 0x2000 + index as u64;
    }
    words[mr::RSP - 1] -= 64;
}

/// What [`compare_registers`] reports: the sum of all registers, and RSP moved by 64.
pub(super) const ALL_AS_ORDERED: u64 = 15 * 0x2000 + 135 + 64;

/// Raises an exception, then adds up all registers and the change of RSP into board word [`RESULT`].
#[unsafe(naked)]
pub(super) extern "C" fn compare_registers() {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "lea rax, [rsp]",
        "push rax",
        "mov rbp, rsp",
        "ud2",
        "add rax, rbx", "add rax, rcx", "add rax, rdx", "add rax, rsi", "add rax, rdi",
        "add rax, rbp", "add rax, r8", "add rax, r9", "add rax, r10", "add rax, r11",
        "add rax, r12", "add rax, r13", "add rax, r14", "add rax, r15",
        "mov rcx, [rsp + 64]",
        "sub rcx, 8",
        "sub rcx, rsp",
        "add rax, rcx",
        "add rsp, 72",
        "mov rdi, rax",
        "call {report}",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        report = sym report,
    )
}

/// Raises an exception and reports the flags that it comes back with.
#[unsafe(naked)]
pub(super) extern "C" fn flags() {
    naked_asm!(
        "ud2",
        "pushfq",
        "pop rdi",
        "cld",
        "sub rsp, 8",
        "call {report}",
        "add rsp, 8",
        "ret",
        report = sym report,
    )
}

extern "C" fn report(value: u64) {
    board::put(RESULT, value);
}

/// Pushes for ever, from `top` down.
#[unsafe(naked)]
pub(super) extern "C" fn overrun(top: u64) -> ! {
    naked_asm!("mov rsp, rdi", "2: push rax", "jmp 2b")
}

/// Board word: where [`report_registers`] puts its registers, by message register.
pub(super) const REPORT: usize = 400;

/// Registers as in [`EXPECTED`], an exception, and then all registers into the board, [`RESULT`] last.
#[unsafe(naked)]
pub(super) extern "C" fn report_registers() {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "call {full}",
        "push r11", "push r9", "push r8", "push rbp", "push rdi", "push rsi", "push rdx", "push rcx",
        "push rax", "push r15", "push r14", "push r13", "push r12", "push r10", "push rbx",
        "mov rdi, rsp",
        "call {report}",
        "add rsp, 120",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        full = sym full_registers,
        report = sym report_all,
    )
}

/// RBX and on, in the order of message registers.
extern "C" fn report_all(registers: &[u64; 15]) {
    for (index, value) in registers.iter().enumerate() {
        board::put(REPORT + mr::RBX + index, *value);
    }
    board::put(RESULT, 1);
}

/// Where a thread may be sent to.
pub(super) extern "C" fn report_and_park() -> ! {
    board::put(RESULT, 1);
    l4::ipc::park()
}

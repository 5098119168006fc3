//! Values in all SSE and x87 registers, made from one number.

use core::arch::naked_asm;

/// Words that [`probe`] writes: MXCSR, x87 control and status word, and two for each XMM register.
pub(super) const STATE_WORDS: usize = 35;

/// Loads values made from `seed`: XMM k = seed + k and its complement, seven x87 registers
/// seed + 100 + k, and a rounding mode each in MXCSR and the x87 control word.
pub(crate) fn load(seed: u64) {
    load_registers(seed);
}

/// How many registers do not hold what [`load`] put there.
pub(crate) fn compare(seed: u64) -> u64 {
    compare_registers(seed)
}

/// Writes what the registers hold.
pub(super) fn probe(state: &mut [u64; STATE_WORDS]) {
    probe_registers(state.as_mut_ptr());
}

#[unsafe(naked)]
extern "C" fn load_registers(seed: u64) {
    naked_asm!(
        "sub rsp, 24",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "lea rax, [rdi + \\n]",
        "mov [rsp], rax",
        "not rax",
        "mov [rsp + 8], rax",
        "movdqu xmm\\n, [rsp]",
        ".endr",
        "fninit",
        ".irp n, 0, 1, 2, 3, 4, 5, 6",
        "lea rax, [rdi + 100 + \\n]",
        "mov [rsp], rax",
        "fild qword ptr [rsp]",
        ".endr",
        "mov eax, edi",
        "and eax, 3",
        "shl eax, 13",
        "or eax, 0x1f80",
        "mov [rsp], eax",
        "ldmxcsr [rsp]",
        "mov eax, edi",
        "and eax, 3",
        "shl eax, 10",
        "or eax, 0x37f",
        "mov [rsp], eax",
        "fldcw [rsp]",
        "add rsp, 24",
        "ret",
    )
}

#[unsafe(naked)]
extern "C" fn compare_registers(seed: u64) -> u64 {
    naked_asm!(
        "sub rsp, 24",
        "xor eax, eax",
        "xor ecx, ecx",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "movdqu [rsp], xmm\\n",
        "lea rdx, [rdi + \\n]",
        "cmp rdx, [rsp]",
        "setne cl",
        "add rax, rcx",
        "not rdx",
        "cmp rdx, [rsp + 8]",
        "setne cl",
        "add rax, rcx",
        ".endr",
        ".irp n, 0, 1, 2, 3, 4, 5, 6",
        "fld st(\\n)",
        "fistp qword ptr [rsp]",
        "lea rdx, [rdi + 106 - \\n]",
        "cmp rdx, [rsp]",
        "setne cl",
        "add rax, rcx",
        ".endr",
        "mov edx, edi",
        "and edx, 3",
        "shl edx, 13",
        "or edx, 0x1f80",
        "stmxcsr [rsp]",
        "cmp edx, [rsp]",
        "setne cl",
        "add rax, rcx",
        "mov edx, edi",
        "and edx, 3",
        "shl edx, 10",
        "or edx, 0x37f",
        "fnstcw [rsp]",
        "cmp dx, [rsp]",
        "setne cl",
        "add rax, rcx",
        "add rsp, 24",
        "ret",
    )
}

#[unsafe(naked)]
extern "C" fn probe_registers(state: *mut u64) {
    naked_asm!(
        "xor eax, eax",
        "mov [rdi + 8], rax",
        "mov [rdi], rax",
        "stmxcsr [rdi]",
        "fnstcw [rdi + 8]",
        "fnstsw ax",
        "mov [rdi + 16], rax",
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "movdqu [rdi + 24 + 16 * \\n], xmm\\n",
        ".endr",
        "ret",
    )
}

//! What a thread can do without a system call: faults, exceptions, registers that belong to the kernel.

use core::arch::asm;

use crate::words::Draw;

/// Reads or writes a byte somewhere.
pub(crate) fn touch(draw: &mut Draw) {
    if draw.chance(50) {
        let address = draw.readable() as *const u8;
        // SAFETY: an access like any other, in assembler because nothing need be there.
        unsafe { asm!("mov {0:l}, [{0}]", inout(reg) address => _, options(nostack, readonly)) };
    } else {
        let address = draw.writable() as *mut u8;
        // SAFETY: as above; what an outsider destroys is its own, and an insider is told where it does no harm.
        unsafe { asm!("lock xor byte ptr [{}], 1", in(reg) address, options(nostack)) };
    }
}

macro_rules! blow {
    ($draw:expr; $($line:literal),+ $(,)?) => {
        $(
            if $draw == 0 {
                // SAFETY: the instruction faults, or changes the registers that are declared.
                unsafe {
                    asm!(
                        $line,
                        inout("rax") 0_u64 => _, inout("rcx") 0_u64 => _, inout("rdx") 0_u64 => _,
                    )
                };
                return;
            }
            $draw -= 1;
        )+
    };
}

/// An instruction that a user may not have, or that raises an exception. IRET is not among them, and nothing here runs
/// bytes that were not meant to be run: QEMU goes over to virtual-8086 mode if such a flag is on the user's stack, which
/// no processor does in 64-bit mode, and from there no kernel finds back.
pub(crate) fn exception(draw: &mut Draw) {
    let mut which = draw.below(29);
    blow!(which;
        "ud2", "div rcx", "int3", "int 0x80", "int 0x20", "int 14", "int 2", "hlt", "cli", "sti",
        "rdmsr", "wrmsr", "mov rax, cr0", "mov cr3, rax", "mov dr7, rax", "in al, dx", "out dx, al",
        "mov gs, ax", "mov ds, ax", "mov ss, ax", "mov fs, ax", "lgdt [rsp]", "ltr ax", "swapgs",
        "invlpg [rsp]", "wbinvd", "sysretq", ".byte 0xf0, 0x90", "xsetbv",
    );
    let _ = which;
}

/// Has something in the registers of the FPU.
pub(crate) fn float(word: u64) {
    // SAFETY: the program is compiled without these registers, so nobody minds.
    unsafe {
        asm!(
            "movq xmm0, {0}",
            "punpcklqdq xmm0, xmm0",
            "movdqa xmm15, xmm0",
            "pause",
            "movq {0}, xmm15",
            inout(reg) word => _,
            options(nostack),
        );
    }
}

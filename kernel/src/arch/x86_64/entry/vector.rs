//! A stub per interrupt vector, and the common way in and out.

use core::arch::naked_asm;

use super::frame::Frame;
use super::frame::TRAP_FLAG;
use super::user::{doorbell, interrupt, page_fault, tick};
use crate::arch::x86_64::apic::vector::{DOORBELL, TIMER};
use crate::cpu::offsets::{SCRATCH, STACK_TOP, USER_GS};

/// All registers, as [`Frame`] has them.
macro_rules! save_all {
    () => {
        "push rax
         push rbx
         push rcx
         push rdx
         push rsi
         push rdi
         push rbp
         push r8
         push r9
         push r10
         push r11
         push r12
         push r13
         push r14
         push r15"
    };
}

/// The way back from `save_all`.
macro_rules! load_all {
    () => {
        "pop r15
         pop r14
         pop r13
         pop r12
         pop r11
         pop r10
         pop r9
         pop r8
         pop rbp
         pop rdi
         pop rsi
         pop rdx
         pop rcx
         pop rbx
         pop rax"
    };
}

pub(super) use {load_all, save_all};

/// The entry of exceptions, and of what interrupts the kernel: saves all registers, takes the kernel's gs, calls the handler,
/// and goes back. What may touch user memory, because the user set AC or a copy was interrupted, may not from here on.
///
/// In: the CPU's frame, an error code and the vector on the stack; interrupts off. Out: returns by IRETQ to where the
/// interrupt came from, registers as the handler left them. Stack: the interrupted one's kernel stack.
#[unsafe(naked)]
pub(super) extern "C" fn common() {
    naked_asm!(
        save_all!(),
        "test byte ptr [rsp + {cs}], 3",
        "jz 1f",
        "swapgs",
        "1: cld",
        ".globl pecan_entry_shut",
        "pecan_entry_shut: clac",
        "mov rdi, rsp",
        "call {handle}",
        "test byte ptr [rsp + {cs}], 3",
        "jz 2f",
        "mov rax, gs:[{user_gs}]",
        "swapgs",
        ".globl pecan_exit_interrupt",
        "pecan_exit_interrupt: wrgsbase rax",
        "2:",
        load_all!(),
        "add rsp, 16",
        "iretq",
        cs = const core::mem::offset_of!(Frame, cs),
        handle = sym super::interrupt::handle,
        user_gs = const USER_GS,
    )
}

/// A vector for which the CPU pushes no error code.
///
/// In: the CPU's frame. Out: into [`common`] with a zero error code and the vector pushed.
#[unsafe(naked)]
pub(super) extern "C" fn plain<const VECTOR: u32>() {
    naked_asm!("push 0", "push {vector}", "jmp {common}", vector = const VECTOR, common = sym common)
}

/// A vector for which the CPU pushes an error code.
///
/// In: the CPU's frame and the error code. Out: into [`common`] with the vector pushed.
#[unsafe(naked)]
pub(super) extern "C" fn with_error<const VECTOR: u32>() {
    naked_asm!("push {vector}", "jmp {common}", vector = const VECTOR, common = sym common)
}

/// A non-maskable interrupt may come anywhere, so it touches nothing.
///
/// In: the CPU's frame, on a stack of its own. Out: everything as it was.
#[unsafe(naked)]
extern "C" fn non_maskable() {
    naked_asm!("iretq")
}

/// A debug exception may come where nothing of the kernel's is in place: after `mov ss` the CPU holds a breakpoint back for
/// one instruction, which may be SYSCALL, and so reports it on the user's stack with the user's gs. So it has a stack of
/// its own, and in the kernel it touches nothing but that and DR6: it is about an access that the kernel made for the user.
///
/// In: the CPU's frame, on the stack for debug exceptions. Out: from user code, on to [`plain`] with the frame on the
/// running thread's stack; from the kernel, everything as it was, without the trap flag.
#[unsafe(naked)]
extern "C" fn debug() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jnz 1f",
        "push rax",
        "mov eax, {clear}",
        "mov dr6, rax",
        "pop rax",
        "and qword ptr [rsp + 16], {no_trap}",
        "iretq",
        "1: swapgs",
        "mov gs:[{scratch}], rax",
        "mov rax, rsp",
        "mov rsp, gs:[{stack_top}]",
        "push [rax + 32]",
        "push [rax + 24]",
        "push [rax + 16]",
        "push [rax + 8]",
        "push [rax]",
        "mov rax, gs:[{scratch}]",
        "swapgs",
        "jmp {plain}",
        clear = const pecan_rules::debug::STATUS_CLEAR,
        no_trap = const !(TRAP_FLAG as i64),
        scratch = const SCRATCH,
        stack_top = const STACK_TOP,
        plain = sym plain::<1>,
    )
}

macro_rules! stubs {
    ($stub:ident: $($vector:literal)*) => { [$($stub::<$vector>),*] };
}

static EXCEPTIONS: [extern "C" fn(); 32] = stubs![plain:
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
    16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
];

static INTERRUPTS: [extern "C" fn(); 224] = stubs![interrupt:
    32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47
    48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79
    80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95
    96 97 98 99 100 101 102 103 104 105 106 107 108 109 110 111
    112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127
    128 129 130 131 132 133 134 135 136 137 138 139 140 141 142 143
    144 145 146 147 148 149 150 151 152 153 154 155 156 157 158 159
    160 161 162 163 164 165 166 167 168 169 170 171 172 173 174 175
    176 177 178 179 180 181 182 183 184 185 186 187 188 189 190 191
    192 193 194 195 196 197 198 199 200 201 202 203 204 205 206 207
    208 209 210 211 212 213 214 215 216 217 218 219 220 221 222 223
    224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239
    240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255
];

/// The entry address for `vector`.
pub(crate) fn address(vector: u8) -> u64 {
    let stub: extern "C" fn() = match vector {
        1 => debug,
        2 => non_maskable,
        DOORBELL => doorbell,
        8 => with_error::<8>,
        10 => with_error::<10>,
        11 => with_error::<11>,
        12 => with_error::<12>,
        13 => with_error::<13>,
        14 => page_fault,
        TIMER => tick,
        17 => with_error::<17>,
        21 => with_error::<21>,
        29 => with_error::<29>,
        30 => with_error::<30>,
        0..32 => EXCEPTIONS[usize::from(vector)],
        32.. => INTERRUPTS[usize::from(vector) - 32],
    };
    stub as *const () as u64
}

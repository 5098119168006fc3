//! A root task as those that are built for Pistachio: it has all I/O ports and the interrupt flag, and the breakpoint
//! instruction is its console. For `compat=pistachio`; somebody has to type what it asks for.
#![no_std]
#![no_main]

use core::arch::{asm, naked_asm};

use l4::{Fpage, Rights, Stack, memory, port, sigma0, thread};

l4::program!(main);

/// What polling gives when nothing was typed.
const NONE: u64 = u64::MAX;

/// A function that executes INT3 with the given bytes behind it, with its argument in RAX; returns RAX.
macro_rules! operation {
    ($name:ident, $($byte:literal),+) => {
        #[unsafe(naked)]
        extern "C" fn $name(argument: u64) -> u64 {
            naked_asm!("mov rax, rdi", concat!(".byte 0xcc", $(", ", $byte),+), "ret")
        }
    };
}

operation!(put, 0x3c, 0x00);
operation!(put_prefixed, 0x90, 0x3c, 0x00);
operation!(write, 0x3c, 0x01);
operation!(clear, 0x3c, 0x02);
operation!(toggle, 0x3c, 0x03);
operation!(poll, 0x3c, 0x08);
operation!(wait, 0x3c, 0x0d);

/// Prints a text that ends with a zero byte.
fn say(text: &str) {
    assert!(text.ends_with('\0'));
    write(text.as_ptr() as u64);
}

fn main() -> ! {
    say("[old] here\n\0");
    characters();
    say("[old] characters\n\0");
    registers();
    say("[old] registers\n\0");
    flags_and_ports();
    say("[old] flags and ports\n\0");
    missing_pages();
    typed();
    l4::exit::report(true)
}

/// Only AL counts, and the operations without effect have none.
fn characters() {
    for byte in b"[old] one by one\n" {
        let word = 0x1234_5678_9ABC_DE00 | u64::from(*byte);
        let print = if byte % 2 == 0 { put } else { put_prefixed };
        assert_eq!(print(word), word);
    }
    assert_eq!(clear(7), 7);
    assert_eq!(toggle(8), 8);
    assert_eq!(poll(9), NONE, "nothing was typed");
}

/// An operation with its result in RAX changes no other register.
fn registers() {
    let mut seen = [0; 12];
    // SAFETY: all that is changed is declared or restored; writes to `seen` only.
    unsafe {
        asm!(
            "push rbx", "push rbp", "push rax",
            "mov rcx, 0x1c1", "mov rdx, 0x1d1", "mov rsi, 0x151", "mov rdi, 0x1d2",
            "mov rbx, 0x1b1", "mov rbp, 0x1b2", "mov r8, 0x108", "mov r11, 0x111",
            "mov r12, 0x112", "mov r15, 0x115",
            ".byte 0xcc, 0x3c, 0x08",
            "xchg rax, [rsp]",
            "mov [rax], rcx", "mov [rax + 8], rdx", "mov [rax + 16], rsi", "mov [rax + 24], rdi",
            "mov [rax + 32], rbx", "mov [rax + 40], rbp", "mov [rax + 48], r8",
            "mov [rax + 56], r11", "mov [rax + 64], r12", "mov [rax + 72], r15",
            "pop rcx", "mov [rax + 80], rcx",
            "pop rbp", "pop rbx",
            inlateout("rax") seen.as_mut_ptr() => _,
            out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _, out("r8") _, out("r11") _,
            out("r12") _, out("r15") _,
        );
    }
    let [rest @ .., answer, _] = seen;
    assert_eq!(answer, NONE);
    let kept = [
        0x1c1, 0x1d1, 0x151, 0x1d2, 0x1b1, 0x1b2, 0x108, 0x111, 0x112, 0x115,
    ];
    assert_eq!(rest, kept);
}

fn flags() -> u64 {
    let flags;
    // SAFETY: leaves the stack as it was.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags
}

/// I/O privilege level 3: every port, and the interrupt flag.
fn flags_and_ports() {
    const INTERRUPTS: u64 = 1 << 9;
    assert_eq!(flags() >> 12 & 3, 3);
    assert_ne!(flags() & INTERRUPTS, 0);
    // SAFETY: interrupts are off for a moment.
    unsafe { asm!("cli") };
    let off = flags();
    // SAFETY: as they were.
    unsafe { asm!("sti") };
    assert_eq!(off & INTERRUPTS, 0);
    assert_ne!(flags() & INTERRUPTS, 0);
    for port in [0x80, 0x3FB, 0xFFFF] {
        // SAFETY: reading these does nothing to memory.
        let _ = unsafe { port::read8(port) };
    }
}

/// Two pages in a row, of which the second is not there when it is needed.
fn missing_pages() {
    let Ok(pages) = sigma0::request_any(13) else {
        panic!("no memory");
    };
    let second = pages.base() + 4096;
    let take_away = || {
        // SAFETY: nothing of Rust's is there; sigma0 gives it again.
        unsafe { memory::flush(Fpage::new(second, 12, Rights::FULL)) };
    };
    let text = b"[old] a text on two pages\n\0";
    let start = second - 9;
    store(start, text);
    take_away();
    write(start);
    // The instruction's last byte of a page is INT3.
    let code = [0x48, 0x89, 0xF8, 0xCC, 0x3C, 0x00, 0xC3];
    let start = second - 4;
    store(start, &code);
    take_away();
    // SAFETY: the code is that of `put`, with the argument in RDI.
    let put_there = unsafe { core::mem::transmute::<u64, extern "C" fn(u64) -> u64>(start) };
    for byte in b"[old] code on two pages\n" {
        assert_eq!(put_there(u64::from(*byte)), u64::from(*byte));
        take_away();
    }
    let long = second - 2000;
    store(long, &[b'.'; 3000]);
    store(long + 3000, b"[old] long\n\0");
    take_away();
    write(long);
}

fn store(address: u64, bytes: &[u8]) {
    for (at, byte) in (address..).zip(bytes) {
        // SAFETY: pages that this program uses for nothing else.
        unsafe { (at as *mut u8).write_volatile(*byte) };
    }
}

static STACK: Stack<16384> = Stack::new();

/// Runs while the first thread waits, on the same CPU and no less urgent.
fn ask_for_a(_: u64) {
    say("[old] type a\n\0");
}

/// Who types types the first letter after the first of these lines, and two after the second.
fn typed() {
    let other = thread::Builder::new().priority(255).cpu(0);
    if let Err(error) = other.start(ask_for_a, 0, &STACK) {
        panic!("no thread: {error:?}");
    }
    assert_eq!(wait(0), u64::from(b'a'));
    say("[old] type bc\n\0");
    assert_eq!(wait(0), u64::from(b'b'));
    let polled = loop {
        match poll(0) {
            NONE => {}
            byte => break byte,
        }
    };
    assert_eq!(polled, u64::from(b'c'));
    assert_eq!(poll(0), NONE);
    say("[old] typed\n\0");
}

//! Messages with a string: from the client's memory to a server's in another space, on this CPU or another, and a
//! short answer.

use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;
use core::mem::offset_of;

use bench::plan::LONGEST;
use l4::abi::acceptor::Acceptor;
use l4::abi::item::StringItem;
use l4::abi::marker::{CLOSE, OPEN};
use l4::string::{self, Buffers, LongMessage};
use l4::{Fpage, Message, Tag, ThreadId, ipc, kip, utcb};

use crate::hot::{self, close_clock, open_clock, pop_kept, push_kept};
use crate::measure::Failure;
use crate::partner;

/// Words in between source and target, which would meet in an emulator's tables without them.
const GAP: usize = 9 * 512;

/// Memory that strings come from or go to.
#[repr(C, align(4096))]
struct Memory(UnsafeCell<[u64; LONGEST / 8 + GAP]>);

// SAFETY: one thread at a time uses it, and nobody looks at what others wrote but through messages.
unsafe impl Sync for Memory {}

impl Memory {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; LONGEST / 8 + GAP]))
    }

    fn first(&self) -> *mut u64 {
        self.0.get().cast()
    }

    /// Gets all pages now, full of this.
    fn fill(&self, word: u64) {
        for index in 0..LONGEST / 8 {
            // SAFETY: inside of the memory, which nobody else uses now.
            let place = unsafe { self.first().add(index) };
            // SAFETY: as above.
            unsafe { place.write_volatile(word ^ index as u64) };
        }
    }

    fn word(&self, index: usize) -> u64 {
        // SAFETY: inside of the memory.
        let place = unsafe { self.first().add(index) };
        // SAFETY: as above.
        unsafe { place.read_volatile() }
    }
}

static SOURCE: Memory = Memory::new();
static TARGET: Memory = Memory::new();

/// What the source is full of.
const PATTERN: u64 = 0x5A17_C0DE_0000_0000;

/// What [`string_calls`] works on.
#[repr(C)]
struct Calls {
    rounds: u64,
    server: u64,
    tag: u64,
    item: [u64; 2],
    /// All tags received, ORed.
    seen: u64,
    stub: u64,
}

/// Fills the source and proves that a string of `bytes` arrives.
pub(crate) fn check(server: ThreadId, bytes: usize) -> Result<(), Failure> {
    SOURCE.fill(PATTERN);
    // SAFETY: nobody writes the source while it is borrowed.
    let source = unsafe { core::slice::from_raw_parts(SOURCE.first().cast::<u8>(), bytes) };
    let message = LongMessage::new(Message::new(partner::CHECK)).string(source);
    let answer = string::call(server, &message, Buffers::new()).map_err(Failure::Lost)?;
    let (seen, last) = (answer.message.word_at(0), bytes as u64 / 8 - 1);
    if seen != PATTERN ^ last {
        return Err(Failure::WrongString(bytes, seen));
    }
    Ok(())
}

/// Takes strings: answers the first with its last word, then everything as fast as it can.
pub(crate) fn serve(bytes: u64) {
    TARGET.fill(0);
    let item = StringItem::new(LONGEST as u64, 1);
    let buffers = [item.raw(), TARGET.first() as u64];
    for (index, word) in (1..).zip(buffers) {
        // SAFETY: only this thread uses the memory, and it looks at it after messages only.
        unsafe { utcb::my().set_br(index, word) };
    }
    // SAFETY: as above.
    unsafe { utcb::my().set_acceptor(Acceptor::new(Fpage::NIL, true)) };
    let Ok(request) = ipc::wait() else { return };
    let answer = Message::new(0).word(TARGET.word(bytes as usize / 8 - 1));
    let Ok(request) = ipc::reply_wait(request.from, &answer) else {
        return;
    };
    // SAFETY: the stub's address is the kernel's; strings go where nobody looks.
    unsafe { hot::echo(kip::kip().ipc, Tag::new(0, 0, 0).raw(), request.from.raw()) }
}

/// The ticks of `rounds` calls with a string of `bytes`, whose answers have the tag `answer`.
pub(crate) fn calls(
    server: ThreadId,
    bytes: usize,
    answer: Tag,
    rounds: u64,
) -> Result<u64, Failure> {
    let item = StringItem::new(bytes as u64, 1);
    let mut frame = Calls {
        rounds,
        server: server.raw(),
        tag: Tag::new(partner::GO, 0, 2).raw(),
        item: [item.raw(), SOURCE.first() as u64],
        seen: 0,
        stub: kip::kip().ipc,
    };
    // SAFETY: the frame lives here, the stub's address is the kernel's, and nothing but words is accepted by default.
    let ticks = unsafe { string_calls(&raw mut frame) };
    if frame.seen != answer.raw() {
        return Err(Failure::WrongTags(frame.seen));
    }
    Ok(ticks)
}

/// The ticks of copying `bytes` in this space, `rounds` times.
pub(crate) fn copies(bytes: usize, rounds: u64) -> u64 {
    let start = hot::open();
    for _ in 0..rounds {
        let (from, to) = (SOURCE.first(), TARGET.first());
        // SAFETY: both stretches lie in memory that nobody else uses now.
        unsafe {
            asm!(
                "rep movsq",
                inout("rcx") bytes / 8 => _,
                inout("rsi") from => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags)
            );
        }
    }
    hot::close() - start
}

/// Makes the pages of both stretches there.
pub(crate) fn touch() {
    SOURCE.fill(PATTERN);
    TARGET.fill(0);
}

/// As [`hot::calls`], with a string item in MR1 and MR2.
///
/// # Safety
/// `frame` is valid and its stub is that of Ipc; the thread accepts neither mappings nor strings.
#[unsafe(naked)]
unsafe extern "C" fn string_calls(frame: *mut Calls) -> u64 {
    naked_asm!(
        push_kept!(),
        "push rdi",
        "mov rdi, gs:[0]",
        open_clock!(),
        "2:",
        "mov rcx, [rsp + 8]",
        "mov r9, [rcx + {tag}]",
        "mov rax, [rcx + {item}]",
        "mov rbx, [rcx + {item} + 8]",
        "mov rsi, [rcx + {server}]",
        #[cfg(not(feature = "without-combined-calls"))]
        "mov rdx, rsi",
        #[cfg(feature = "without-combined-calls")]
        "xor edx, edx
         xor r8d, r8d
         call [rcx + {stub}]
         mov rcx, [rsp + 8]
         xor esi, esi
         mov rdx, [rcx + {server}]",
        "xor r8d, r8d",
        "call [rcx + {stub}]",
        "mov rcx, [rsp + 8]",
        "or [rcx + {seen}], r9",
        "dec qword ptr [rcx + {rounds}]",
        "jnz 2b",
        close_clock!(),
        "pop rdi",
        pop_kept!(),
        "ret",
        rounds = const offset_of!(Calls, rounds),
        server = const offset_of!(Calls, server),
        tag = const offset_of!(Calls, tag),
        item = const offset_of!(Calls, item),
        seen = const offset_of!(Calls, seen),
        stub = const offset_of!(Calls, stub),
        open = const OPEN,
        close = const CLOSE,
    )
}

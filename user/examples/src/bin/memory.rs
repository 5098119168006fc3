//! Asking sigma0 for memory: any piece, one at an address, one that is cached in another way, a device's; and what it says
//! when somebody else was there first. At the end it prints its book.
#![no_std]
#![no_main]

use l4::sigma0::RequestError;
use l4::{Caching, Fpage, Rights, Stack, kip, println, sigma0, thread};

l4::program!(main);

/// The text screen of a PC, which many may use.
const SCREEN: Fpage = Fpage::new(0xB_8000, 15, Rights::FULL);

static STACK: Stack<16384> = Stack::new();

fn main() -> ! {
    let asked = asks();
    if let Err(error) = asked {
        println!("[memory] {error:?}");
    }
    l4::exit::report(asked == Ok(true))
}

fn asks() -> Result<bool, RequestError> {
    sigma0::set_verbosity(1).map_err(RequestError::Ipc)?;
    let any = sigma0::request_any(16)?;
    let quick = fill(any);
    let again = sigma0::request(any)?;
    sigma0::set_verbosity(0).map_err(RequestError::Ipc)?;
    let slow = sigma0::request_any_cached(12, Caching::Uncacheable)?;
    let screen = sigma0::request(SCREEN)?;
    let kernels = sigma0::request(Fpage::new(
        kip::kip().reserved_memory[0][0],
        12,
        Rights::FULL,
    ));
    println!("[memory] any {any:x?}, uncached {slow:x?}, a device {screen:x?}");
    // Another thread of the same space is another client: the page stays whose it is.
    let other = thread::Builder::new().start(ask_for_the_same, any.raw(), &STACK);
    let refused = other.is_ok_and(|other| {
        let verdict = l4::ipc::receive(other);
        verdict.is_ok_and(|verdict| verdict.message.word_at(0) == 1)
    });
    sigma0::dump().map_err(RequestError::Ipc)?;
    println!("[memory] the book is printed");
    Ok(quick && fill(slow) && again == any && refused && kernels == Err(RequestError::Refused))
}

fn ask_for_the_same(fpage: u64) {
    let answer = sigma0::request(Fpage::from_raw(fpage));
    let refused = u64::from(answer == Err(RequestError::Refused));
    // The root task waits for this.
    let _ = l4::ipc::send(kip::root(), &l4::Message::new(0).word(refused));
}

/// Writes each word's address into it, and reads all.
fn fill(piece: Fpage) -> bool {
    let words = || (piece.base()..=piece.last()).step_by(8);
    for word in words() {
        // SAFETY: sigma0 gave the piece to this program, which uses it for nothing else.
        unsafe { (word as *mut u64).write_volatile(word) };
    }
    // SAFETY: as above.
    words().all(|word| unsafe { (word as *const u64).read_volatile() } == word)
}

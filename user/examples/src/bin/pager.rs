//! A pager: the root task's first thread serves the page faults of a client in another space. The
//! client's program comes from the image; its heap is made of zeroed pages, each when it is touched.
#![no_std]
#![no_main]

use l4::abi::protocol::PageFault;
use l4::ipc::Received;
use l4::{Fpage, MapItem, Message, Rights, Stack, ipc, kip, println, sigma0, thread};

l4::program!(main);

static STACK: Stack<16384> = Stack::new();

/// Where the client has its heap. No memory of the machine lies there.
const HEAP: u64 = 0x40_0000_0000;
const PAGES: u64 = 32;
const PAGE: u64 = 4096;

/// Label of the client's last message: word 0 is 1 if all was as it should be.
const DONE: u64 = 1;

fn main() -> ! {
    let client = thread::Builder::new().new_space().pager(thread::myself());
    match client.start(client_main, 0, &STACK) {
        Ok(client) => println!("[pager] client {:x}", client.raw()),
        Err(error) => {
            println!("[pager] no client: {error:?}");
            l4::exit::report(false);
        }
    }
    let (content_right, served) = serve();
    println!("[pager] {served} heap pages served, content right: {content_right}");
    l4::exit::report(content_right && served == PAGES)
}

/// Serves until the client is done. Returns what it says and how many heap pages it got.
fn serve() -> (bool, u64) {
    let mut served = 0;
    let mut next = ipc::wait();
    while let Ok(request) = next {
        if request.message.label() == DONE {
            return (request.message.word_at(0) == 1, served);
        }
        let answer = heap_page(&request).inspect(|_| served += 1);
        next = match answer.or_else(|| l4::pager::answer(&request)) {
            Some(answer) => ipc::reply_wait(request.from, &answer),
            None => ipc::wait(),
        };
    }
    println!("[pager] {next:?}");
    (false, served)
}

/// Serves a fault in the heap: takes any page from sigma0, zeroes it and maps it at the fault.
fn heap_page(request: &Received) -> Option<Message> {
    let message = &request.message;
    let words = [message.tag().raw(), message.word_at(0), message.word_at(1)];
    let fault = PageFault::from_words(words)?;
    if !(HEAP..HEAP + PAGES * PAGE).contains(&fault.address) {
        return None;
    }
    let page = sigma0::request_any(12).ok()?;
    // SAFETY: sigma0 just mapped this page here, and nobody else has it.
    unsafe { (page.base() as *mut u8).write_bytes(0, PAGE as usize) };
    let fpage = Fpage::new(page.base(), 12, Rights::READ_WRITE);
    Some(Message::new(0).map(MapItem {
        send_base: fault.address & !(PAGE - 1),
        fpage,
    }))
}

/// Finds zeros, writes every page, and reads all again.
fn client_main(_: u64) {
    let word = |index: u64| (HEAP + index * PAGE + 8 * index) as *mut u64;
    // SAFETY: the pager maps each heap page where it is touched, for this thread only.
    let read = |index| unsafe { word(index).read_volatile() };
    // SAFETY: as above.
    let write = |index, value| unsafe { word(index).write_volatile(value) };
    let zero = (0..PAGES).all(|index| read(index) == 0);
    (0..PAGES).for_each(|index| write(index, index + 1));
    let kept = (0..PAGES).all(|index| read(index) == index + 1);
    let result = Message::new(DONE).word(u64::from(zero && kept));
    if let Err(error) = ipc::send(kip::root(), &result) {
        println!("[pager] the client cannot report: {error:?}");
    }
}

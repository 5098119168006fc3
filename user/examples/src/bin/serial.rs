//! A driver for a serial port (a 16550 UART) as a user program: a thread in a space of its own that has nothing but its
//! device, which is eight I/O ports and an interrupt line. It asks for both by message, and gets them from the root
//! task, which may give them away. The device is switched into a loop, so that it receives what it sends.
#![no_std]
#![no_main]

use l4::{Acceptor, IoFpage, MapItem, Message, Stack, ThreadId, interrupt, ipc, port, utcb};
use l4::{kip, println, sigma0, thread};

l4::program!(main);

/// The second serial port of a PC.
const PORTS: IoFpage = IoFpage::new(0x2F8, 3);
const LINE: u32 = 3;

const TEXT: &[u8; 40] = b"what goes out of the port comes back in.";

static DRIVER_STACK: Stack<16384> = Stack::new();

fn main() -> ! {
    let driver = thread::Builder::new().new_space();
    let ok = match driver.start(drive, 0, &DRIVER_STACK) {
        Ok(driver) => give_device(driver) && echoes(driver),
        Err(error) => {
            println!("[serial] no driver: {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

/// Waits until the driver asks for its device; sigma0 has the ports, and only the root task can open lines.
fn give_device(driver: ThreadId) -> bool {
    let item = MapItem {
        send_base: 0,
        fpage: PORTS.fpage(),
    };
    let asked = ipc::receive(driver).is_ok();
    let ports = sigma0::request_ports(PORTS);
    let line = interrupt::associate(LINE, driver);
    println!("[serial] ports {ports:?}, line {line:?}");
    asked && ports.is_ok() && line.is_ok() && ipc::send(driver, &Message::new(0).map(item)).is_ok()
}

/// The client: sends the text eight bytes at a time, and compares.
fn echoes(driver: ThreadId) -> bool {
    let mut interrupts = 0;
    for (index, bytes) in TEXT.chunks_exact(8).enumerate() {
        let word = bytes
            .iter()
            .rfold(0, |word, byte| word << 8 | u64::from(*byte));
        let Ok(answer) = ipc::call(driver, &Message::new(0).word(word)) else {
            println!("[serial] the driver does not answer");
            return false;
        };
        if answer.message.word_at(0) != word {
            println!("[serial] word {index} is {:#x}", answer.message.word_at(0));
            return false;
        }
        interrupts = answer.message.word_at(1);
    }
    println!(
        "[serial] {} bytes came back, {interrupts} interrupts",
        TEXT.len()
    );
    interrupts > 0
}

/// The registers, counted from the first port. The first is the data, or the divisor when it can be set.
const DATA: u16 = 0;
const INTERRUPT_ENABLE: u16 = 1;
const DIVISOR_HIGH: u16 = 1;
const INTERRUPT_REASON: u16 = 2;
const LINE_CONTROL: u16 = 3;
const MODEM_CONTROL: u16 = 4;

const ON_RECEIVED: u8 = 1;
const ON_TRANSMITTED: u8 = 2;
const EIGHT_BITS: u8 = 3;
const SET_DIVISOR: u8 = 0x80;
/// Lets interrupts out of the device, and what it sends back in.
const OUT2_AND_LOOP: u8 = 0x18;
/// Reasons of interrupts; an odd one is none.
const TRANSMITTED: u8 = 2;
const RECEIVED: u8 = 4;

fn read(register: u16) -> u8 {
    // SAFETY: a UART does not touch memory.
    unsafe { port::read8(PORTS.port() + register) }
}

fn write(register: u16, value: u8) {
    // SAFETY: as for reading.
    unsafe { port::write8(PORTS.port() + register, value) };
}

/// What the driver is doing for its client, one word at a time.
struct Transfer {
    client: ThreadId,
    sent: usize,
    received: usize,
    outgoing: [u8; 8],
    incoming: [u8; 8],
}

/// The driver.
fn drive(_: u64) {
    let root = kip::root();
    // SAFETY: it accepts the device's ports, and no memory.
    unsafe { utcb::my().set_acceptor(Acceptor::new(PORTS.fpage(), false)) };
    let got = ipc::call(root, &Message::new(0)).is_ok();
    // SAFETY: nothing is accepted.
    unsafe { utcb::my().set_acceptor(Acceptor::UNTYPED) };
    if !got {
        return;
    }
    set_up();
    let mut interrupts = 0;
    let mut transfer = None;
    let mut next = ipc::wait();
    while let Ok(message) = next {
        next = if interrupt::line(&message) == Some(LINE) {
            interrupts += 1;
            serve_device(&mut transfer);
            if interrupt::acknowledge(LINE).is_err() {
                return;
            }
            match transfer.take_if(|transfer| transfer.received == 8) {
                Some(done) => {
                    let word = u64::from_le_bytes(done.incoming);
                    ipc::reply_wait(done.client, &Message::new(0).words(&[word, interrupts]))
                }
                None => ipc::wait(),
            }
        } else {
            transfer = Some(Transfer {
                client: message.from,
                sent: 0,
                received: 0,
                outgoing: message.message.word_at(0).to_le_bytes(),
                incoming: [0; 8],
            });
            // The transmitter is idle: it says so at once, and the rest is done by interrupts.
            write(INTERRUPT_ENABLE, ON_RECEIVED | ON_TRANSMITTED);
            ipc::wait()
        };
    }
}

/// 9600 bits a second, eight to a byte, in a loop.
fn set_up() {
    write(INTERRUPT_ENABLE, 0);
    write(LINE_CONTROL, SET_DIVISOR);
    write(DATA, 12);
    write(DIVISOR_HIGH, 0);
    write(LINE_CONTROL, EIGHT_BITS);
    write(MODEM_CONTROL, OUT2_AND_LOOP);
}

/// Does all that the device asks for: the line interrupts again only if the device was quiet in between.
fn serve_device(transfer: &mut Option<Transfer>) {
    loop {
        let reason = read(INTERRUPT_REASON) & 0xF;
        match (reason, transfer.as_mut()) {
            (RECEIVED, Some(transfer)) if transfer.received < 8 => {
                transfer.incoming[transfer.received] = read(DATA);
                transfer.received += 1;
            }
            (RECEIVED, _) => _ = read(DATA),
            (TRANSMITTED, Some(transfer)) if transfer.sent < 8 => {
                write(DATA, transfer.outgoing[transfer.sent]);
                transfer.sent += 1;
            }
            // Nothing to send: it must not say again that it could.
            (TRANSMITTED, _) => write(INTERRUPT_ENABLE, ON_RECEIVED),
            _ => return,
        }
    }
}

//! I/O ports of address spaces (L4 X.2 on amd64, I/O fpages).
//!
//! A port has the same number in every space that has it, and there are no rights besides having it. Who got which
//! port from whom is kept in a [mapping](crate::mapping) tree of its own, where port p is the page at address p × 4096:
//! a node is a *piece* of up to 512 ports, a power of two of them, aligned, inside of the piece that it came from.
//!
//! * `range`   some ports in a row
//! * `access`  an instruction of a program: is it input or output, and on which ports?
//! * `give`    map and grant items
//! * `cut`     pieces are divided, so that Unmap takes what it names and nothing else
//! * `bitmap`  the ports that a processor lets a program use

mod access;
mod bitmap;
mod cut;
mod give;
mod range;

pub use access::{LONGEST_INSTRUCTION, access};
pub use bitmap::{Bitmap, WORDS};
pub use cut::cut;
pub use give::{Giver, Mode, give, has_all};
pub use range::Ports;

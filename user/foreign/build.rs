//! Links each program where none of the others is.

fn main() {
    println!("cargo::rerun-if-changed=../l4/link.ld");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../l4/link.ld");
        println!("cargo::rustc-link-arg-bins=-T{script}");
        println!("cargo::rustc-link-arg-bins=-zmax-page-size=4096");
        for (name, base) in [("giver", "0x2345000"), ("old", "0x3456000")] {
            println!("cargo::rustc-link-arg-bin={name}=--defsym=IMAGE_BASE={base}");
        }
    }
}

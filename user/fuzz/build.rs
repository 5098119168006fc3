//! Links the root task where the kernel loads it.

fn main() {
    println!("cargo::rerun-if-changed=../l4/link.ld");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../l4/link.ld");
        println!("cargo::rustc-link-arg-bins=-T{script}");
        println!("cargo::rustc-link-arg-bins=--defsym=IMAGE_BASE=0x1000000");
        println!("cargo::rustc-link-arg-bins=-zmax-page-size=4096");
    }
}

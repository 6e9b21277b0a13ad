//! Reads texts from standard input, each ended by a NUL, and prints the number of tokens of each on a line of its own,
//! as `o200k_base` counts them: the tokenizer of GPT-4o and later models.

use std::io::{Read, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tokenizer = tiktoken_rs::o200k_base()?;
    let mut texts = String::new();
    std::io::stdin().read_to_string(&mut texts)?;
    let mut out = std::io::stdout().lock();
    for text in texts.split_terminator('\0') {
        writeln!(out, "{}", tokenizer.encode_ordinary(text).len())?;
    }
    Ok(())
}

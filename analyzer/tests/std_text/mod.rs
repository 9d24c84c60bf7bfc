//! The litmus traces, which are in RAPID's STD text.

/// A trace in RAPID's STD text as a script.
pub(crate) fn script_of(std: &str) -> String {
    let mut script = String::new();
    for line in std.lines() {
        let mut fields = line.split('|');
        let (thread, op, place) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let (op, operand) = op.trim_end_matches(')').split_once('(').unwrap_or((op, ""));
        let (op, more) = match op {
            "r" => ("read", ""),
            "w" => ("write", ""),
            "acq" => ("acquire", ""),
            "rel" => ("release", " touched=none"),
            "fork" => ("spawn", ""),
            other => (other, ""),
        };
        script += &format!("{thread} {op} {operand}{more} at={place}\n");
    }
    script
}

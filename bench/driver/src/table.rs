//! Columns that line up.

use std::fmt;

/// Rows of cells under a head. The first column is flush left, numbers are flush right.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with nothing but its head.
    pub(crate) fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { rows: vec![head.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        (0..columns).map(|column| width(column).unwrap_or(0)).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::from("|");
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                line += &if column == 0 { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") };
            }
            writeln!(f, "{line}")?;
            if index == 0 {
                let rule = |(column, &width): (usize, &usize)| {
                    let end = if column == 0 { "-" } else { ":" };
                    format!("{}{end}|", "-".repeat(width + 1))
                };
                writeln!(f, "|{}", widths.iter().enumerate().map(rule).collect::<String>())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_line_up_and_are_markdown() {
        let mut table = Table::new(["row", "std"]);
        table.row(["mutex", "5.1"]);
        table.row(["tür", "-"]);
        let expected = "\
            | row   | std |\n\
            |-------|----:|\n\
            | mutex | 5.1 |\n\
            | tür   |   - |\n";
        assert_eq!(table.to_string(), expected);
    }
}

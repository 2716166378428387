//! Terminal output: visible characters, display width, times, colours and columns.
//!
//! Text from job files and from the platform is made visible before it is measured, so that none of
//! it controls the terminal. Widths are display widths, so that Chinese names align. Characters
//! whose width terminals disagree about (dashes, dots, curly quotes) stay out of our own words.
//!
//! The usual crates do not meet this: comfy-table takes room from all columns alike, so ids are cut
//! before titles, and has no lines of text between rows; textwrap breaks long words by the width of
//! single characters, so a line with emoji becomes too wide.

mod fit;

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::calendar;
pub(super) use crate::calendar::long;
use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use fit::cut_in_middle;
pub(super) use fit::{cut, pad, visible, width, wrap};

/// The maximum width of sentences, however wide the terminal is.
pub(super) const WIDTH: usize = 100;
/// The maximum width of a table: in a wider one, a reader could not follow a row to its end.
const TABLE_WIDTH: usize = 200;
/// A terminal narrower than this breaks lines by itself.
const WIDTH_MIN: usize = 40;

/// An id up to this width stays in its row of a list; a longer one may be written below it, so that
/// one does not take the titles of all.
const SHORT: usize = 40;

/// How the columns of a list of jobs (time, distance, state, account, title, job) are narrowed:
/// first titles and distances, then account names; and how they are narrowed further so that an id
/// stays in its row.
pub(super) const JOBS_FIRST: [(usize, usize); 4] = [(4, 18), (1, 0), (4, 4), (3, 8)];
pub(super) const JOBS_THEN: [(usize, usize); 2] = [(4, 0), (3, 4)];

/// Returns an instant in Beijing time with its zone, without seconds if they are 0.
pub(super) fn time(at: DateTime<Utc>) -> String {
    let full = calendar::beijing(at);
    if at.timestamp() % 60 == 0 { full.replacen(":00 +", " +", 1) } else { full }
}

/// Returns an instant's time of day in Beijing with its zone.
pub(super) fn time_of_day(at: DateTime<Utc>) -> String {
    let full = time(at);
    full.split_once(' ').map_or_else(|| full.clone(), |(_, of_day)| of_day.to_owned())
}

/// Returns an instant for a list: its time of day in Beijing, with its date if that is not today.
pub(super) fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (full, today) = (time(at), time(now));
    let full = full.trim_end_matches(" +08:00");
    match full.split_once(' ') {
        Some((date, of_day)) if today.starts_with(date) => of_day.to_owned(),
        // The year is shown if it is another one.
        Some((date, _)) if today.starts_with(&date[..5]) => full[5..].to_owned(),
        Some(_) | None => full.to_owned(),
    }
}

/// Returns an instant with its distance from now.
pub(super) fn time_and_distance(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{} ({})", time(at), distance(at, now))
}

/// Returns the distance of an instant from now, in one or two units.
pub(super) fn distance(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let span = at - now;
    match span.num_seconds() {
        0 => "now".to_owned(),
        seconds if seconds > 0 => format!("in {}", long(span)),
        _ => format!("{} ago", long(-span)),
    }
}

/// Returns a count with separated thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Returns `1 job`, `2 jobs`.
pub(super) fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { many })
}

/// Returns an id, and what follows it, after the title that names the same in words.
pub(super) fn named(title: &str, id: &str) -> String {
    let same = id.split(' ').next() == Some(title);
    if same { id.to_owned() } else { format!("{title}: {id}") }
}

/// The importance of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing special.
    Plain,
    /// A heading.
    Head,
    /// It needs an operator.
    Alarm,
    /// It is worth attention.
    Warn,
    /// It succeeded.
    Good,
    /// It is only there for completeness.
    Quiet,
}

/// A page being written.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    colours: bool,
    width: usize,
    /// The same for tables, which may be wider.
    table_width: usize,
}

impl Page {
    /// Begins a page that is as wide as the terminal, within limits.
    pub(super) fn new(colours: bool, columns: Option<usize>) -> Self {
        let within = |most| columns.map_or(WIDTH, |columns| columns.clamp(WIDTH_MIN, most));
        let (width, table_width) = (within(WIDTH), within(TABLE_WIDTH));
        Self { text: String::new(), colours, width, table_width }
    }

    /// Begins another page with the same settings.
    pub(super) fn another(&self) -> Self {
        Self { text: String::new(), ..*self }
    }

    /// Ends the page and returns its text.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Returns a text in its tone.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colours || text.is_empty() {
            return text.to_owned();
        }
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        let style = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Head => Style::new().bold(),
            Tone::Alarm => colour(AnsiColor::Red).bold(),
            Tone::Warn => colour(AnsiColor::Yellow),
            Tone::Good => colour(AnsiColor::Green),
            Tone::Quiet => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }

    /// Writes an empty line.
    pub(super) fn blank_line(&mut self) {
        self.text.push('\n');
    }

    /// Writes a heading.
    pub(super) fn heading(&mut self, text: &str) {
        self.lines(Tone::Head, 0, text);
    }

    /// Writes text from any source, in as many lines as it needs.
    pub(super) fn lines(&mut self, tone: Tone, indent: usize, text: &str) {
        self.labelled(tone, indent, "", text);
    }

    /// Writes a label and text beside it, with further lines indented below the first.
    pub(super) fn labelled(&mut self, tone: Tone, indent: usize, label: &str, text: &str) {
        let inset = indent + width(label);
        let cells = self.width.saturating_sub(inset).max(WIDTH_MIN / 4);
        for (index, line) in wrap(&visible(text), cells).iter().enumerate() {
            let before = if index == 0 { label } else { "" };
            let painted = self.paint(tone, line);
            let row = format!("{}{}{painted}", " ".repeat(indent), pad(before, width(label)));
            self.raw(row.trim_end());
        }
    }

    /// Returns the maximum width of a table.
    pub(super) fn room(&self) -> usize {
        self.table_width
    }

    /// Writes text on one line, cut at the width of a table: the whole text is shown elsewhere.
    pub(super) fn cut(&mut self, tone: Tone, indent: usize, text: &str) {
        let shown = cut(&visible(text), self.table_width.saturating_sub(indent));
        let painted = self.paint(tone, &shown);
        self.raw(&format!("{}{painted}", " ".repeat(indent)));
    }

    /// Writes a line unchanged.
    pub(super) fn raw(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a String takes everything");
    }

    /// Writes a table.
    pub(super) fn table(&mut self, indent: usize, table: &Table) {
        let widths = table.widths(indent, self.table_width);
        let in_middle = |(index, cells): (usize, &usize)| table.is_cut_in_middle(index, *cells);
        let columns =
            Columns { in_middle: widths.iter().enumerate().map(in_middle).collect(), widths };
        let mut heads: Vec<_> =
            table.heads.iter().map(|head| Cell::new(Tone::Quiet, head)).collect();
        // In a table of lines the first heading is the title of the table.
        if let Some(first) = heads.first_mut().filter(|_| table.is_of_lines()) {
            first.tone = Tone::Head;
        }
        self.row(indent, &heads, &columns, table);
        for row in &table.rows {
            if let Some(cell) = self.row(indent, &row.cells, &columns, table) {
                self.below(indent + BELOW, cell);
            }
            for (tone, note) in &row.notes {
                match table.is_of_lines() {
                    true => self.cut(*tone, indent + BELOW, note),
                    false => self.lines(*tone, indent + BELOW, note),
                }
            }
        }
    }

    /// Writes a cell below its row if the row had no room for it, in as many lines as it needs.
    fn below(&mut self, indent: usize, cell: &Cell) {
        for line in wrap(&cell.text, self.table_width.saturating_sub(indent).max(1)) {
            let painted = self.paint(cell.tone, &line);
            self.raw(&format!("{}{painted}", " ".repeat(indent)));
        }
    }

    /// Writes a row: after a cell wider than its column, the rest of the row is on the next line.
    /// In a table of lines such a cell is cut, but the last one is returned, to be written below.
    fn row<'c>(
        &mut self,
        indent: usize,
        cells: &'c [Cell],
        Columns { widths, in_middle }: &Columns,
        table: &Table,
    ) -> Option<&'c Cell> {
        let mut below = None;
        let mut line = " ".repeat(indent);
        let mut column = indent;
        for (index, cell) in cells.iter().enumerate() {
            let wanted = widths[index];
            if table.is_of_lines() && index + 1 == cells.len() && width(&cell.text) > wanted {
                below = Some(cell);
                continue;
            }
            if wanted == 0 && table.is_of_lines() {
                continue;
            }
            let text = match table.is_of_lines() {
                true if in_middle[index] => cut_in_middle(&cell.text, wanted),
                true => cut(&cell.text, wanted),
                false => cell.text.clone(),
            };
            let taken = width(&text);
            let fill = " ".repeat(wanted.saturating_sub(taken));
            let painted = self.paint(cell.tone, &text);
            if table.right.contains(&index) {
                write!(line, "{fill}{painted}").expect("a String takes everything");
            } else {
                write!(line, "{painted}{fill}").expect("a String takes everything");
            }
            column += wanted + GUTTER;
            if taken > wanted && index + 1 < cells.len() {
                self.raw(line.trim_end());
                line = " ".repeat(column);
            } else {
                line.push_str(&" ".repeat(GUTTER));
            }
        }
        self.raw(line.trim_end());
        below
    }
}

const GUTTER: usize = 2;
/// The indentation of what belongs to a row and is written below it.
const BELOW: usize = 4;

/// One cell of a table; its text is made visible.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    tone: Tone,
    text: String,
}

impl Cell {
    pub(super) fn new(tone: Tone, text: &str) -> Self {
        Self { tone, text: visible(text) }
    }

    pub(super) fn plain(text: &str) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// Rows of cells under their headings, each with optional lines of text below.
#[derive(Debug)]
pub(super) struct Table {
    heads: Vec<String>,
    /// The maximum width of each column.
    most: Vec<usize>,
    /// The columns that are aligned to the right.
    right: Vec<usize>,
    /// The columns of names, which are cut in their middle where they differ only at their ends.
    names: Vec<usize>,
    /// The columns that are narrowed, in this order, each with its minimum width: for any cell of
    /// the last column, and after that for one that is short enough.
    cut: [Vec<(usize, usize)>; 2],
    rows: Vec<Row>,
}

/// How the columns of a table are written.
struct Columns {
    widths: Vec<usize>,
    /// Which of them are cut in their middle.
    in_middle: Vec<bool>,
}

#[derive(Debug)]
struct Row {
    cells: Vec<Cell>,
    notes: Vec<(Tone, String)>,
}

impl Table {
    /// Begins a table of columns, each with its heading and its maximum width.
    ///
    /// The first column may take all the room that the others leave.
    pub(super) fn new(columns: &[(impl AsRef<str>, usize)]) -> Self {
        Self {
            heads: columns.iter().map(|(head, _)| head.as_ref().to_owned()).collect(),
            most: columns.iter().map(|(_, most)| *most).collect(),
            right: Vec::new(),
            names: Vec::new(),
            cut: [Vec::new(), Vec::new()],
            rows: Vec::new(),
        }
    }

    /// Begins a table in which each row is one line if there is room.
    ///
    /// Otherwise columns are narrowed in the order of `first`, each down to its given width, and
    /// what is too long is cut; a column whose width is 0 is removed as a whole. If that is not
    /// enough, they are narrowed in the order of `then` for cells of the last column of up to
    /// [`SHORT`]. Longer ones are written in full below their rows.
    pub(super) fn of_lines(
        heads: &[impl AsRef<str>],
        first: &[(usize, usize)],
        then: &[(usize, usize)],
    ) -> Self {
        let columns: Vec<_> = heads.iter().map(|head| (head.as_ref(), 0)).collect();
        Self { cut: [first.to_vec(), then.to_vec()], ..Self::new(&columns) }
    }

    fn is_of_lines(&self) -> bool {
        self.cut.iter().any(|cut| !cut.is_empty())
    }

    /// Aligns columns to the right.
    pub(super) fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// Says which column has names.
    pub(super) fn names(mut self, column: usize) -> Self {
        self.names.push(column);
        self
    }

    /// Returns whether a column has two names that look the same when their ends are cut off.
    fn is_cut_in_middle(&self, column: usize, cells: usize) -> bool {
        let mut shown = HashMap::new();
        self.names.contains(&column)
            && self.rows.iter().filter_map(|row| row.cells.get(column)).any(|cell| {
                *shown.entry(cut(&cell.text, cells)).or_insert(&cell.text) != &cell.text
            })
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells, notes: Vec::new() });
    }

    /// Adds a line below the last row.
    pub(super) fn note(&mut self, tone: Tone, text: &str) {
        if let Some(row) = self.rows.last_mut() {
            row.notes.push((tone, text.to_owned()));
        }
    }

    fn widths(&self, indent: usize, page: usize) -> Vec<usize> {
        if self.is_of_lines() {
            return self.widths_of_lines(page.saturating_sub(indent));
        }
        let widest = |index: usize, most: usize| {
            let cells = self.rows.iter().filter_map(|row| row.cells.get(index));
            let head = width(&self.heads[index]);
            // A cell that is too wide for any line does not affect the width of its column.
            let fitting = cells.map(|cell| width(&cell.text)).filter(|&taken| taken <= most);
            fitting.max().unwrap_or(0).max(head)
        };
        let mut widths: Vec<_> =
            self.most.iter().enumerate().map(|(index, &most)| widest(index, most)).collect();
        let others: usize = widths.iter().skip(1).map(|taken| taken + GUTTER).sum();
        widths[0] = widest(0, page.saturating_sub(indent + others));
        widths
    }

    fn widths_of_lines(&self, page: usize) -> Vec<usize> {
        let cells = |index: usize| {
            let cells = self.rows.iter().filter_map(move |row| row.cells.get(index));
            cells.map(|cell| width(&cell.text))
        };
        let natural = |(index, head): (usize, &String)| cells(index).fold(width(head), usize::max);
        let natural: Vec<_> = self.heads.iter().enumerate().map(natural).collect();
        let [first, then] = &self.cut;
        let mut widths = natural.clone();
        give_way(&mut widths, first, page);
        if taken(&widths) > page {
            let last = widths.len() - 1;
            widths[last] = 0;
            let room = page.saturating_sub(taken(&widths) + GUTTER);
            give_way(&mut widths, then, 0);
            let most = page.saturating_sub(taken(&widths) + GUTTER).min(SHORT).max(room);
            let fitting = cells(last).chain([width(&self.heads[last])]);
            let kept = fitting.filter(|wanted| *wanted <= most).max().unwrap_or(0);
            widths.clone_from(&natural);
            widths[last] = kept;
            give_way(&mut widths, first, page);
            give_way(&mut widths, then, page);
        }
        // Removing a whole column may leave more room than was needed.
        for &(index, _) in then.iter().chain(first) {
            if widths[index] == 0 {
                continue;
            }
            let free = page.saturating_sub(taken(&widths));
            widths[index] = natural[index].min(widths[index] + free);
        }
        // No terminal is too narrow: then the widest column is narrowed, whatever it is.
        for _ in page..taken(&widths) {
            if let Some(widest) = widths.iter_mut().max() {
                *widest = widest.saturating_sub(1);
            }
        }
        widths
    }
}

/// Returns the width of a row; an empty column has no gutter.
fn taken(widths: &[usize]) -> usize {
    let shown = widths.iter().filter(|width| **width > 0);
    shown.map(|width| width + GUTTER).sum::<usize>().saturating_sub(GUTTER)
}

/// Makes columns narrower until a row fits. A column with minimum 0 is removed as a whole, because
/// a part of a time reads as another time.
fn give_way(widths: &mut [usize], cut: &[(usize, usize)], page: usize) {
    for &(index, least) in cut {
        let over = taken(widths).saturating_sub(page);
        if least == 0 && over > 0 {
            widths[index] = 0;
        }
        widths[index] = widths[index].saturating_sub(over).max(least.min(widths[index]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn names_that_differ_at_their_ends_are_cut_in_their_middle() {
        let mut table = Table::of_lines(&["account", "job"], &[(0, 10)], &[]).names(0);
        for name in ["brand-account-01", "brand-account-02", "club"] {
            table.row([name, "a-job-with-an-id-of-30-letters"].map(Cell::plain).to_vec());
        }
        let mut page = Page::new(false, Some(42));

        page.table(0, &table);

        let rows = page.finish();
        let names: Vec<_> = rows.lines().map(|row| row.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["account", "bran..t-01", "bran..t-02", "club"]);
    }

    #[test]
    fn times_carry_their_zone_and_seconds_only_where_there_are_any() {
        assert_eq!(time(at("2027-03-20T12:00:00Z")), "2027-03-20 20:00 +08:00");
        assert_eq!(time(at("2027-03-20T16:00:01Z")), "2027-03-21 00:00:01 +08:00");
    }

    #[test]
    fn distances_read_as_people_say_them() {
        let now = at("2027-03-20T12:00:00Z");
        for (then, expected) in [
            ("2027-03-20T12:00:00Z", "now"),
            ("2027-03-20T12:00:59Z", "in 59 s"),
            ("2027-03-20T12:03:10Z", "in 3 min"),
            ("2027-03-20T13:00:00Z", "in 1 h"),
            ("2027-03-20T10:57:00Z", "1 h 3 min ago"),
            ("2027-03-21T12:00:00Z", "in 1 day"),
            ("2027-03-21T15:00:00Z", "in 1 day 3 h"),
            ("2027-03-30T15:00:00Z", "in 10 days"),
        ] {
            assert_eq!(distance(at(then), now), expected);
        }
    }

    #[test]
    fn thousands_are_set_off() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_table_stays_aligned_and_a_long_cell_breaks_its_row() {
        let long = "a".repeat(WIDTH - 8);
        let mut table = Table::new(&[("job", 0), ("account", 8)]);
        table.row(vec![Cell::plain("春天"), Cell::plain("品牌")]);
        table.row(vec![Cell::plain(&long), Cell::plain("brand")]);
        let mut page = Page::new(false, None);

        page.table(2, &table);

        let expected = format!("  job   account\n  春天  品牌\n  {long}\n        brand\n");
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn the_columns_of_a_table_of_lines_give_way_in_their_order() {
        let page = |columns| {
            let mut table = Table::of_lines(&["at", "title", "job"], &[(1, 8)], &[(1, 4)]);
            table.row(
                ["20:00", "春天来了，万物生长，出门走走", "spring-launch"]
                    .map(Cell::plain)
                    .to_vec(),
            );
            table.row(["21:00", "夏", "summer"].map(Cell::plain).to_vec());
            table.note(Tone::Quiet, "deferred, because 03-20 is full already");
            let mut page = Page::new(false, Some(columns));
            page.table(0, &table);
            page.finish()
        };

        let wide = page(60);
        let narrow = page(40);

        assert_eq!(
            wide,
            "at     title                         job\n\
             20:00  春天来了，万物生长，出门走走  spring-launch\n\
             21:00  夏                            summer\n    deferred, because 03-20 is full already\n"
        );
        assert!(narrow.contains("20:00  春天来了，万物生..  spring-launch\n"), "{narrow}");
        assert!(narrow.contains("    deferred, because 03-20 is full al..\n"), "{narrow}");
    }

    #[test]
    fn an_id_that_does_not_fit_stands_whole_below_its_row_and_the_others_keep_their_room() {
        let mut table = Table::of_lines(&["at", "", "title", "job"], &[(2, 8), (1, 0)], &[(2, 4)]);
        let id = "spring-launch-of-a-long-name";
        table.row(["20:00", "in 3 min", "春天来了", id].map(Cell::plain).to_vec());
        table.row(["21:00", "in 1 h", "夏", "summer"].map(Cell::plain).to_vec());
        let mut page = Page::new(false, Some(40));

        page.table(0, &table);

        assert_eq!(
            page.finish(),
            "at               title     job\n\
             20:00  in 3 min  春天来了\n    spring-launch-of-a-long-name\n\
             21:00  in 1 h    夏        summer\n"
        );
    }

    #[test]
    fn a_time_beside_others_has_its_date_where_that_differs() {
        let now = at("2027-03-20T12:00:00Z");
        for (then, expected) in [
            ("2027-03-20T12:30:00Z", "20:30"),
            ("2027-03-20T12:30:07Z", "20:30:07"),
            ("2027-03-21T12:30:00Z", "03-21 20:30"),
            ("2028-01-01T12:30:00Z", "2028-01-01 20:30"),
        ] {
            assert_eq!(clock(at(then), now), expected);
        }
    }
}

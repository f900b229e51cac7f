//! Answers and the letters they give.

use super::*;
use Unreadable::*;

fn read(answer: &str) -> Result<char, Unreadable> {
    let options = options_of_question(
        "Which? A. Atrial fibrillation\nB. Normal sinus rhythm, C) Sinus rhythm (D) Left bundle branch block",
    );
    assert_eq!(options.len(), 4, "{options:?}");
    match read_letter(answer, 4, &options) {
        Reading::Read(letter) => Ok(letter),
        Reading::Unreadable(why) => Err(why),
    }
}

#[test]
fn letters_are_read_as_they_are_meant() {
    let cases = [
        ("B", Ok('B')),
        ("b", Ok('B')),
        ("(B)", Ok('B')),
        ("**B.**", Ok('B')),
        ("The answer is C", Ok('C')),
        ("the correct answer is (c).", Ok('C')),
        ("Answer:\nD\n", Ok('D')),
        ("Answer: option C it is", Ok('C')),
        ("Answer: b\nAnswer: C", Ok('C')),
        ("The correct option is B.", Ok('B')),
        ("(B) LBBB", Ok('B')),
        ("B. something", Ok('B')),
        ("I think B. fits", Ok('B')),
        ("The answer is not C but D", Ok('D')),
        ("The answer is a normal sinus rhythm", Ok('B')),
        ("It shows left bundle branch block on this ECG.", Ok('D')),
        ("Sinus rhythm", Ok('C')),
        ("Not atrial fibrillation, sinus rhythm", Ok('C')),
        ("leads II, III and aVF.", Err(NothingRecognised)),
        ("a sawtooth on this ECG.", Err(NothingRecognised)),
        ("B, C", Err(Ambiguous)),
        ("Atrial fibrillation or sinus rhythm", Err(Ambiguous)),
        ("The answer is C. Option A is wrong.", Ok('C')),
        (
            "The answer is C because option D requires Q waves.",
            Ok('C'),
        ),
        ("The correct option is B. Option D does not fit.", Ok('B')),
        ("Option A is wrong, option C fits.", Ok('C')),
        ("Option A is wrong.", Err(NothingRecognised)),
        ("Option A or option C", Err(Ambiguous)),
        ("Option B, not option A", Ok('B')),
        ("A: no. B: yes.", Ok('B')),
        (
            "A: incorrect\nB: correct\nC: incorrect\nD: incorrect",
            Ok('B'),
        ),
        ("A. Wrong. C. Right.", Ok('C')),
        ("A is wrong, C fits", Ok('C')),
        ("C is correct; A, B and D are incorrect", Ok('C')),
        ("A, B and D are incorrect. C", Ok('C')),
        ("Incorrect: A, B, D. Correct: C", Ok('C')),
        ("B. Normal sinus rhythm, not atrial fibrillation", Ok('B')),
        ("Answer: B or C", Err(Ambiguous)),
        ("The answer is B/C", Err(Ambiguous)),
        ("A. B. C. D.", Err(Ambiguous)),
        ("A, C", Err(Ambiguous)),
        ("C and A", Err(Ambiguous)),
        ("The answer is G", Err(OutsideOptions)),
        ("Answer: i", Err(NothingRecognised)),
        ("Answer: none", Err(NothingRecognised)),
        ("no idea", Err(NothingRecognised)),
        (" \n", Err(Empty)),
        ("", Err(Empty)),
    ];
    for (answer, expected) in cases {
        assert_eq!(read(answer), expected, "{answer:?}");
    }
}

#[test]
fn options_that_deny_are_read_as_options() {
    let options = ["No".to_owned(), "Absent P waves".to_owned()];
    assert_eq!(read_letter("A. No", 2, &options), Reading::Read('A'));
    assert_eq!(
        read_letter("B. Absent P waves", 2, &options),
        Reading::Read('B')
    );
    assert_eq!(read_letter("A. No", 2, &[]), Reading::Read('A'));
    assert_eq!(read_letter("(A) No", 2, &options), Reading::Read('A'));
}

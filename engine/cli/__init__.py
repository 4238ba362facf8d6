"""The command line: `tunesmith …`. Words in, files and sentences out; the composing runs in this process."""

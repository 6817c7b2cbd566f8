// The tasks' tests.

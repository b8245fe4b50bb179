"""The grader of the labs: runs a student's kernel and judges what it does, from outside."""

/* Compares; the status is 0 if what the arguments say is so.  The shell has it built in as well. */
#include "user/lib/start.h"
#include "user/lib/tool/compare.h"

int main(int argc, char **argv) { return compare_arguments(argc, argv); }

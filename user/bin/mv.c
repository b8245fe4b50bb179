/* Other names for files, or another folder. */
#include "user/lib/c/unistd.h"
#include "user/lib/start.h"
#include "user/lib/tool/target.h"

int main(int argc, char **argv) { return target_each(argc, argv, rename, "mv FILE... TO"); }

/* See status.h. */
#include "user/sh/status.h"

int last_status;

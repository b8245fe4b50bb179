/* What there is, for a person who gave no run=. */
#ifndef USER_ROOT_OVERVIEW_H
#define USER_ROOT_OVERVIEW_H

void overview_print(void);

#endif

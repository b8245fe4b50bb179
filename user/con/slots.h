/* Where con keeps requests, beside the slots of every server. */
#ifndef USER_CON_SLOTS_H
#define USER_CON_SLOTS_H

#define KEPT 64u /* requests of one kind, a power of two */
#define SLOT_READERS 64u
#define SLOT_WRITERS (SLOT_READERS + KEPT)

#endif

/*
 * wrong: wakes every waiter where one is asked for.
 * test: first_waiter
 * hint: wakes one waiter
 */
u32 wake_up_one(struct wait_queue *queue) { return wake_up(queue, ~0u); }

/*
 * wrong: lets others run until it is woken, but stays ready itself.
 * test: sleeps
 * hint: in no list of its run queue
 */
void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken))
		yield();
}

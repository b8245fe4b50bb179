/*
 * wrong: gives the lock up for a moment and asks again, instead of sleeping.
 * test: sleeps
 * hint: again and again
 */
static void sleep_on(struct ticket *ticket)
{
	(void)ticket;
	spin_unlock(&kmap_lock);
	cpu_relax();
	spin_lock(&kmap_lock);
}

/*
 * wrong: puts who comes last in front of the line.
 * test: in_line
 * hint: first in line
 */
static __noinline void queue_up(struct ticket *ticket)
{
	wait_queue_init(&ticket->queue, "kmap ticket");
	if (list_empty(&pkmap_tickets))
		pkmap_line_moved();
	list_push(&pkmap_tickets, &ticket->node);
}

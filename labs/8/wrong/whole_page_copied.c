/*
 * wrong: copies all words that a message may have, whatever it has.
 * test: words
 * hint: from page to page
 */
void message_copy_words(
	const struct user_thread *sender, const struct user_thread *receiver, u32 words)
{
	(void)words;
	copy_words(&receiver->message->word[2], &sender->message->word[2], MESSAGE_WORDS - 2);
}

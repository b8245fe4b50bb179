/*
 * wrong: copies the words of a message as if their number were that of bytes.
 * test: words
 * hint: from page to page
 */
void message_copy_words(
	const struct user_thread *sender, const struct user_thread *receiver, u32 words)
{
	memcpy(&receiver->message->word[2], &sender->message->word[2], words - 2);
}

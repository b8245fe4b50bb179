/*
 * Host tests: included before everything in Tarn's own files.  lib/ and user/lib/ define
 * functions of the host's C library; here they get other names, so that both can be in one program.
 */
#define memset tarn_memset
#define memcpy tarn_memcpy
#define memmove tarn_memmove
#define memcmp tarn_memcmp
#define strlen tarn_strlen
#define strcmp tarn_strcmp
#define strncmp tarn_strncmp
#define strchr tarn_strchr
#define strlcpy tarn_strlcpy
#define vsnprintf tarn_vsnprintf
#define snprintf tarn_snprintf
#define errno tarn_errno
#define atoi tarn_atoi
#define strtol tarn_strtol
#define qsort tarn_qsort
#define gmtime_r tarn_gmtime_r
#define __udivmoddi4 tarn_udivmoddi4
#define __udivdi3 tarn_udivdi3
#define __umoddi3 tarn_umoddi3
#define __divdi3 tarn_divdi3
#define __moddi3 tarn_moddi3

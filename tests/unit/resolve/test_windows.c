// SPDX-License-Identifier: Apache-2.0
/* Files are read in windows: nothing at their borders is lost or seen twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "resolve/enter.h"
#include "resolve/match.h"
#include "resolve/search.h"

#define WINDOW (256u << 10)
#define SIZE   (2 * WINDOW + 4096)
#define TEXTS  0x400000ull
#define CODE   0x800000ull

static const char name[] = "ssl_read_internal";

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr loads[2];
	uint8_t texts[SIZE], code[SIZE];
};

static struct image *image_new(uint16_t machine)
{
	struct image *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	memcpy(f->head.e_ident, ELFMAG, SELFMAG);
	f->head.e_ident[EI_CLASS] = ELFCLASS64;
	f->head.e_ident[EI_DATA] = ELFDATA2LSB;
	f->head.e_ident[EI_VERSION] = EV_CURRENT;
	f->head.e_type = ET_DYN;
	f->head.e_machine = machine;
	f->head.e_version = EV_CURRENT;
	f->head.e_phoff = offsetof(struct image, loads);
	f->head.e_ehsize = sizeof(f->head);
	f->head.e_phentsize = sizeof(f->loads[0]);
	f->head.e_phnum = 2;
	f->loads[0] =
		(Elf64_Phdr){ PT_LOAD, PF_R, offsetof(struct image, texts), TEXTS, TEXTS, SIZE,
			      SIZE,    1 };
	f->loads[1] = (Elf64_Phdr){
		PT_LOAD, PF_R | PF_X, offsetof(struct image, code), CODE, CODE, SIZE, SIZE, 1
	};
	memset(f->code, 0x90, SIZE);
	return f;
}

struct opened {
	int fd;
	struct elf *elf;
	struct search *search;
};

static struct opened open_image(const struct image *f)
{
	struct opened o = { .fd = memfd_create("windows", 0) };

	assert_int_equal(write(o.fd, f, sizeof(*f)), sizeof(*f));
	assert_int_equal(elf_open(&o.elf, o.fd), 0);
	assert_int_equal(search_new(&o.search, o.elf), 0);
	return o;
}

static void close_image(struct opened *o)
{
	search_free(o->search);
	elf_close(o->elf);
	close(o->fd);
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

/* One text and one thing that refers to it, each at all places around a border. */
static void test_x86(void **state)
{
	(void)state;
	for (unsigned back = 0; back <= 24; back++) {
		struct image *f = image_new(EM_X86_64);
		uint64_t text = TEXTS + WINDOW - back + 4, site = CODE + WINDOW - back + 4;
		const struct search_hit *hits;
		const struct search_ref *refs;
		struct enter_list list = { 0 };
		struct zone zone = { CODE, CODE + 64 };
		struct opened o;

		memcpy(f->texts + (text - TEXTS), name, sizeof(name));
		memcpy(f->code + (site - CODE), "\x48\x8d\x15", 3);
		put32(f->code + (site - CODE) + 3, (uint32_t)(text - (site + 7)));
		f->code[site - CODE + 7] = 0xe8;
		put32(f->code + (site - CODE) + 8, (uint32_t)(CODE + 16 - (site + 12)));
		o = open_image(f);
		assert_int_equal(search_hits(o.search, TEXT_READ_INTERNAL, &hits), 1);
		assert_int_equal(hits[0].text, text);
		assert_int_equal(hits[0].first, text);
		assert_int_equal(search_refs(o.search, TEXT_READ_INTERNAL, &refs), 1);
		assert_int_equal(refs[0].site, site);
		assert_int_equal(enter_gather(o.elf, &zone, 1, ENTER_CODE, &list), 0);
		assert_int_equal(list.count, 1);
		assert_int_equal(list.rows[0].addr, CODE + 16);
		assert_int_equal(list.rows[0].source, site + 7);
		free(list.rows);
		close_image(&o);
		free(f);
	}
}

/* adrp x2; (something else;) add x2, x2, #n */
static void test_arm64(void **state)
{
	(void)state;
	for (unsigned back = 0; back <= 24; back += 4) {
		struct image *f = image_new(EM_AARCH64);
		uint64_t text = TEXTS + 0x1230, site = CODE + WINDOW - back;
		int64_t pages = (int64_t)((text >> 12) - (site >> 12));
		const struct search_ref *refs;
		struct opened o;

		for (size_t i = 0; i < SIZE; i += 4)
			put32(f->code + i, 0xd503201f); /* nop */
		memcpy(f->texts + (text - TEXTS), name, sizeof(name));
		put32(f->code + (site - CODE), 0x90000002 | ((uint32_t)pages & 3) << 29 |
						       ((uint32_t)(pages >> 2) & 0x7ffff) << 5);
		put32(f->code + (site - CODE) + 8, 0x91000042 | (uint32_t)(text & 0xfff) << 10);
		o = open_image(f);
		assert_int_equal(search_refs(o.search, TEXT_READ_INTERNAL, &refs), 1);
		assert_int_equal(refs[0].site, site + 8);
		assert_int_equal(refs[0].target, text);
		close_image(&o);
		free(f);
	}
}

/* A path may begin anywhere in its printable run, also at the beginning of its segment. */
static void test_path(void **state)
{
	static const char path[] = "../third_party/boringssl/ssl/ssl_lib.cc";
	struct image *f = image_new(EM_X86_64);
	const struct search_hit *hits;
	struct opened o;

	(void)state;
	memcpy(f->texts, path, sizeof(path));
	memcpy(f->texts + 1000, path, sizeof(path));
	o = open_image(f);
	assert_int_equal(search_hits(o.search, TEXT_SSL_LIB, &hits), 2);
	assert_int_equal(hits[0].first, TEXTS);
	assert_int_equal(hits[1].first, TEXTS + 1000);
	assert_true(search_is(o.search, TEXT_SSL_LIB, TEXTS + 1000 + 5));
	assert_false(search_is(o.search, TEXT_SSL_LIB, TEXTS + 1000 + sizeof(path)));
	/* OpenSSL's file has one letter less. */
	assert_int_equal(search_hits(o.search, TEXT_OPENSSL_LIB, &hits), 0);
	close_image(&o);
	free(f);
}

struct seen {
	size_t count[3], last[3];
};

static void see(void *ctx, size_t word, size_t at)
{
	struct seen *s = ctx;

	s->count[word]++;
	s->last[word] = at;
}

static void test_words(void **state)
{
	static const struct sv words[] = { SV("abab"), SV("babx"), SV("longer word") };
	struct seen s = { 0 };
	struct match *m;

	(void)state;
	assert_int_equal(match_new(&m, words, 3), 0);
	match_run(m, SV("abababx longer wor longer word"), see, &s);
	assert_int_equal(s.count[0], 2); /* they may overlap */
	assert_int_equal(s.last[0], 2);
	assert_int_equal(s.count[1], 1);
	assert_int_equal(s.last[1], 3);
	assert_int_equal(s.count[2], 1);
	assert_int_equal(s.last[2], 19);
	match_run(m, SV("aba"), see, &s);
	match_run(m, SV(""), see, &s);
	assert_int_equal(s.count[0], 2);
	match_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

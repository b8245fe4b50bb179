/* CPUID and the control registers that paging needs. */
#include "arch/x86/cpu/cpu.h"

#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/tlb_ops.h"
#include "lib/string.h"

/* CPUID leaves and bits (SDM vol. 2, CPUID). */
#define LEAF_VENDOR 0u
#define LEAF_FEATURES 1u
#define LEAF_EXTENDED_FEATURES 7u
#define LEAF_EXTENDED_MAX 0x80000000u
#define LEAF_EXTENDED_INFO 0x80000001u
#define LEAF_BRAND 0x80000002u
#define LEAF_BRAND_LAST 0x80000004u
#define LEAF_ADDRESS_WIDTH 0x80000008u

#define L1_EDX_PSE (1u << 3)
#define L1_EDX_TSC (1u << 4)
#define L1_EDX_MSR (1u << 5)
#define L1_EDX_PAE (1u << 6)
#define L1_EDX_CX8 (1u << 8)
#define L1_EDX_APIC (1u << 9)
#define L1_EDX_SEP (1u << 11)
#define L1_EDX_PGE (1u << 13)
#define L1_EDX_PAT (1u << 16)
#define L1_EDX_PSE36 (1u << 17)
#define L1_ECX_X2APIC (1u << 21)
#define L1_ECX_HYPERVISOR (1u << 31)
#define L7_EBX_SMEP (1u << 7)
#define L7_EBX_SMAP (1u << 20)
#define L7_ECX_UMIP (1u << 2)
#define X1_EDX_NX (1u << 20)

struct cpu_features cpu_features;

static void identify_model(u32 signature)
{
	struct cpu_features *f = &cpu_features;

	f->stepping = signature & 15;
	f->model = (signature >> 4) & 15;
	f->family = (signature >> 8) & 15;
	if (f->family == 6 || f->family == 15)
		f->model |= ((signature >> 16) & 15) << 4;
	if (f->family == 15)
		f->family += (signature >> 20) & 255;
}

/* The first P6 say that they have sysenter, and have not (SDM vol. 2, SYSENTER). */
static bool sep_works(void)
{
	const struct cpu_features *f = &cpu_features;

	return f->msr && !(f->family == 6 && f->model < 3 && f->stepping < 3);
}

static void identify_features(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid r = cpuid(LEAF_FEATURES);

	identify_model(r.eax);
	f->pse = r.edx & L1_EDX_PSE;
	f->tsc = r.edx & L1_EDX_TSC;
	f->msr = r.edx & L1_EDX_MSR;
	f->pae = r.edx & L1_EDX_PAE;
	f->cx8 = r.edx & L1_EDX_CX8;
	f->apic = r.edx & L1_EDX_APIC;
	f->sep = (r.edx & L1_EDX_SEP) && sep_works();
	f->pge = r.edx & L1_EDX_PGE;
	f->pat = r.edx & L1_EDX_PAT;
	/*
	 * Until an extended leaf says better.  Some CPUs with PAE have 36 bits without PSE-36 (SDM
	 * vol. 3, 4.1.4), others 32.
	 */
	f->phys_bits = r.edx & L1_EDX_PSE36 ? 36 : 32;
	f->x2apic = r.ecx & L1_ECX_X2APIC;
	f->hypervisor = r.ecx & L1_ECX_HYPERVISOR;
}

static void identify_protections(void)
{
	struct cpuid r = cpuid(LEAF_EXTENDED_FEATURES);

	cpu_features.smep = r.ebx & L7_EBX_SMEP;
	cpu_features.smap = r.ebx & L7_EBX_SMAP;
	cpu_features.umip = r.ecx & L7_ECX_UMIP;
}

/* Intel pads the brand string on the left. */
static void identify_brand(void)
{
	char text[sizeof(cpu_features.brand)] = "";
	char *start = text;

	for (u32 leaf = LEAF_BRAND; leaf <= LEAF_BRAND_LAST; leaf++) {
		struct cpuid r = cpuid(leaf);

		memcpy(text + (leaf - LEAF_BRAND) * sizeof(r), &r, sizeof(r));
	}
	while (*start == ' ')
		start++;
	strlcpy(cpu_features.brand, start, sizeof(cpu_features.brand));
}

/* A width that no CPU has (SDM vol. 3, 4.1.4) would become a senseless shift. */
static void set_address_width(u32 bits)
{
	if (bits >= 32 && bits <= 52)
		cpu_features.phys_bits = bits;
}

/*
 * A CPU without extended leaves answers with those of another leaf: only 0x8000xxxx is an answer.
 */
static void identify_extended(void)
{
	u32 max = cpuid(LEAF_EXTENDED_MAX).eax;

	if (max >> 16 != LEAF_EXTENDED_MAX >> 16)
		return;
	if (max >= LEAF_EXTENDED_INFO)
		cpu_features.nx = cpu_features.msr && (cpuid(LEAF_EXTENDED_INFO).edx & X1_EDX_NX);
	if (max >= LEAF_BRAND_LAST)
		identify_brand();
	if (max >= LEAF_ADDRESS_WIDTH)
		set_address_width(cpuid(LEAF_ADDRESS_WIDTH).eax & 0xFF);
}

/*
 * That there is CPUID, and CR4 below, is known: start.asm has checked that this is a Pentium at
 * least.
 */
void cpu_identify(void)
{
	struct cpuid r = cpuid(LEAF_VENDOR);

	memcpy(cpu_features.vendor, &r.ebx, 4);
	memcpy(cpu_features.vendor + 4, &r.edx, 4);
	memcpy(cpu_features.vendor + 8, &r.ecx, 4);
	if (r.eax >= LEAF_FEATURES)
		identify_features();
	if (r.eax >= LEAF_EXTENDED_FEATURES)
		identify_protections();
	identify_extended();
}

static void cr4_set(u32 bits) { cr4_load(read_cr4() | bits); }

static u32 cr4_bit(bool present, u32 bit) { return present ? bit : 0; }

void cpu_enable_paging_features(u32 cr3)
{
	const struct cpu_features *f = &cpu_features;

	/*
	 * What the bits PWT and PCD of an entry mean, as after reset: a loader may have changed it.
	 */
	if (f->pat)
		wrmsr(MSR_PAT, PAT_AT_RESET);
	/*
	 * Before CR3: the new tables hold large pages and no-execute bits, which are reserved
	 * without these two.
	 */
	cr4_set(cr4_bit(f->pse, CR4_PSE));
	if (f->nx)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	cr3_load(cr3);
	/*
	 * After CR3, so that no entry of the old tables becomes Global in the TLB (SDM vol. 3,
	 * 4.10.2.4).
	 */
	cr4_set(cr4_bit(f->pge, CR4_PGE) | cr4_bit(f->smep, CR4_SMEP) | cr4_bit(f->smap, CR4_SMAP) |
		cr4_bit(f->umip, CR4_UMIP));
	write_cr0(read_cr0() | CR0_WP);
}

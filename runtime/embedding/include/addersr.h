/* addersr: frames in, larger frames out.
 *
 *     addersr_engine *engine = NULL;
 *     if (addersr_open("tiny-x2-adder.onnx", NULL, &engine) != ADDERSR_OK) {
 *       fprintf(stderr, "%s\n", addersr_last_error());
 *     }
 *     addersr_upscale(engine, &small, &large, NULL);
 *     addersr_close(engine);
 *
 * C11, and the same for C++ (addersr.hpp wraps it). Every call that can fail returns a status and
 * leaves a sentence for addersr_last_error. No exception leaves the library.
 *
 * Stability. Symbols are never removed or changed within one ADDERSR_ABI_VERSION, which is the
 * soname's number. Structures that may grow begin with their size; fill them with the _init
 * function or an initialiser that sets `size`, and zeros for what you leave to the library.
 *
 * Threads. Functions are marked:
 *   [any]    any thread at any time, also while other calls use the same engine;
 *   [alone]  no other call may use the same object meanwhile.
 */
#ifndef ADDERSR_H_
#define ADDERSR_H_

#include <stddef.h>
#include <stdint.h>

#define ADDERSR_ABI_VERSION 1

#if defined(ADDERSR_STATIC)
#define ADDERSR_API
#elif defined(_WIN32)
#if defined(ADDERSR_BUILDING)
#define ADDERSR_API __declspec(dllexport)
#else
#define ADDERSR_API __declspec(dllimport)
#endif
#else
#define ADDERSR_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Why a call failed. New values may be added: treat unknown ones as ADDERSR_FAILED. */
typedef enum addersr_status {
  ADDERSR_OK = 0,
  ADDERSR_INVALID_ARGUMENT = 1, /* null, a size, stride or format that cannot be */
  ADDERSR_NO_RUNTIME = 2,       /* no onnxruntime of version 1.18 or newer was found */
  ADDERSR_BAD_MODEL = 3,        /* not a model of ours, damaged, or of a version we do not know */
  ADDERSR_OUT_OF_MEMORY = 4,    /* also: one pixel does not fit the memory limit */
  ADDERSR_CANCELLED = 5,        /* by addersr_cancel or by the progress function */
  ADDERSR_FAILED = 6            /* onnxruntime failed; the sentence has its words */
} addersr_status;

/* How the pixels of a frame lie in memory. All samples are uint8. */
typedef enum addersr_format {
  ADDERSR_RGB = 1,  /* one plane, 3 bytes a pixel */
  ADDERSR_BGR = 2,  /* one plane, 3 bytes a pixel */
  ADDERSR_RGBA = 3, /* one plane, 4 bytes a pixel; alpha is not premultiplied */
  ADDERSR_GRAY = 4, /* one plane, 1 byte a pixel */
  ADDERSR_NV12 = 5, /* luma; then pairs of U and V, for 2x2 pixels each */
  ADDERSR_I420 = 6  /* luma; U; V, for 2x2 pixels each */
} addersr_format;

/* A frame in the caller's memory. Row y of plane p begins at planes[p] + y * strides[p]. A stride
 * is in bytes, at least a row's bytes, and may be larger; it may not be negative. Chroma planes of
 * frames of odd sizes are rounded up: (width + 1) / 2 by (height + 1) / 2 samples. Planes that the
 * format does not have are ignored. The library only reads the planes of an input. */
typedef struct addersr_frame {
  int32_t format; /* addersr_format */
  int32_t width;  /* in pixels, at least 1 */
  int32_t height;
  uint8_t* planes[3];
  ptrdiff_t strides[3];
} addersr_frame;

typedef struct addersr_engine addersr_engine;

/* How to open a model. Zeros mean what is said in brackets. */
typedef struct addersr_options {
  size_t size;                 /* sizeof(addersr_options) */
  const char* runtime_library; /* file of libonnxruntime [$ADDERSR_ONNXRUNTIME, the folder of this
                                  library, the system, Python's package]; ignored when linked */
  int32_t threads;             /* of one frame [the number of cores] */
  int32_t tile;                /* the largest side of tiles, in input pixels, up to 16384 [whole
                                  frames]; memory_limit may make them smaller */
  uint64_t memory_limit;       /* bytes that a call may use beside the two frames and the model, as
                                  far as the estimate of addersr_memory goes [no limit] */
} addersr_options;

/* What a model is. Strings live as long as the engine. */
typedef struct addersr_info {
  size_t size;              /* sizeof(addersr_info), set by the caller */
  int32_t scale;            /* by how much frames grow in both directions */
  int32_t halo;             /* how many input pixels around a pixel influence it */
  const char* architecture; /* "mobile" */
  const char* kind;         /* "adder" or "cnn" */
  const char* colour;       /* "y": a network of luma; "rgb": of all colours */
  const char* precision;    /* "fp32", "u8", "i16" or "mixed" */
  const char* version;      /* the addersr that exported it */
  const char* runtime;      /* the onnxruntime in use: "1.32.0" */
  const char* kernel;       /* the adder kernel that ran in the engine's first run; "" for none */
} addersr_info;

/* Called with the tiles done and the tiles in all, from the thread that called addersr_upscale,
 * after each tile. Anything but 0 cancels the call. It must not call functions of the same engine
 * but addersr_cancel. */
typedef int (*addersr_progress)(void* user, int32_t done, int32_t total);

/* What one call of addersr_upscale may have beside its frames. */
typedef struct addersr_call {
  size_t size; /* sizeof(addersr_call) */
  addersr_progress progress;
  void* user; /* handed to progress */
} addersr_call;

/* [any] "0.1.0" */
ADDERSR_API const char* addersr_version(void);

/* [any] The sentence of this thread's last call that failed: what was expected, what came, what to
 * do. Never NULL; "" before the first failure. Valid until this thread's next failure. */
ADDERSR_API const char* addersr_last_error(void);

/* [any] "out of memory" and so on; never NULL. */
ADDERSR_API const char* addersr_status_name(addersr_status status);

/* [alone] Zeros and the size. */
ADDERSR_API void addersr_options_init(addersr_options* options);

/* [any] Load a model that 'addersr export' or 'addersr quantize' wrote, from a file. options may be
 * NULL. On failure *engine is NULL. The first call sets the environment variable
 * ORT_DISABLE_TELEMETRY, unless it is set, and so must not meet another thread that changes the
 * environment. Strings of the options are not used after the call. */
ADDERSR_API addersr_status addersr_open(const char* path, const addersr_options* options,
                                        addersr_engine** engine);

/* [any] The same from memory, which may be freed afterwards. */
ADDERSR_API addersr_status addersr_open_memory(const void* data, size_t bytes,
                                               const addersr_options* options,
                                               addersr_engine** engine);

/* [alone] Free an engine; NULL is fine. */
ADDERSR_API void addersr_close(addersr_engine* engine);

/* [any] Fill info, as far as info->size goes. */
ADDERSR_API addersr_status addersr_get_info(const addersr_engine* engine, addersr_info* info);

/* [any] Bytes that a call on frames of this size is estimated to use beside the two frames and the
 * model, and how many tiles it will run. Both pointers may be NULL. */
ADDERSR_API addersr_status addersr_memory(const addersr_engine* engine, int32_t format,
                                          int32_t width, int32_t height, uint64_t* bytes,
                                          int32_t* tiles);

/* [any] Enlarge a frame. output has the same format, scale times the width and height, and memory
 * of its own, which is written only here. call may be NULL. Tiles give the same pixels as the whole
 * frame. After a failure the content of output is undefined. After the first call for a size and
 * format no memory is allocated, as far as that is up to this library (onnxruntime has its arena).
 * Calls from several threads run at the same time, each with buffers of its own, which the engine
 * keeps.
 *
 * Colours. A network of luma enlarges Y of BT.601; chroma and alpha are enlarged by a cubic filter.
 * The luma of NV12 and I420 goes through as it is, so that the matrix does not matter; gray values
 * are taken for luma. A network of RGB gets NV12 and I420 converted from BT.601 of limited range,
 * and gives them back so; gray becomes three equal channels, and their mean is the result. Chroma
 * is taken to lie in the middle of its 2x2 pixels. */
ADDERSR_API addersr_status addersr_upscale(addersr_engine* engine, const addersr_frame* input,
                                           const addersr_frame* output, const addersr_call* call);

/* [any] Let all calls that run now on this engine end early with ADDERSR_CANCELLED; calls that
 * begin later are not affected. */
ADDERSR_API void addersr_cancel(addersr_engine* engine);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ADDERSR_H_ */

// A CUDA device without memory.
//
// Tensors on it are ordinary tensors of device "cuda:0", so autograd, autocast
// and every composite operator of PyTorch run as they do on a GPU. An operator
// that would launch a kernel is answered by its Meta kernel, which knows the
// outputs' shapes; each storage so made is counted, and so is its release.

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ExpandUtils.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/record_function.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using c10::Device;
using c10::DeviceIndex;
using c10::DeviceType;
using c10::IValue;
using c10::Stream;

struct OneDevice final : c10::impl::DeviceGuardImplInterface {
  static constexpr DeviceType kType = DeviceType::CUDA;
  OneDevice() = default;
  explicit OneDevice(DeviceType) {}
  DeviceType type() const override { return kType; }
  Device exchangeDevice(Device) const override { return Device(kType, 0); }
  Device getDevice() const override { return Device(kType, 0); }
  void setDevice(Device) const override {}
  void uncheckedSetDevice(Device) const noexcept override {}
  Stream getStream(Device) const override { return Stream(Stream::DEFAULT, Device(kType, 0)); }
  Stream getDefaultStream(Device) const override { return getStream(Device(kType, 0)); }
  Stream getNewStream(Device, int) const override { return getStream(Device(kType, 0)); }
  Stream getStreamFromGlobalPool(Device, bool) const override { return getStream(Device(kType, 0)); }
  Stream exchangeStream(Stream) const override { return getStream(Device(kType, 0)); }
  DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const Stream&, const DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const DeviceIndex) const noexcept override {}
  bool queryStream(const Stream&) const override { return true; }
  void synchronizeStream(const Stream&) const override {}
  void synchronizeEvent(void*) const override {}
  void synchronizeDevice(const DeviceIndex) const override {}
  void recordDataPtrOnStream(const c10::DataPtr&, const Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(CUDA, OneDevice)

// What the library asks of a CUDA build. The name is the registry's key.
struct CUDAHooks final : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  DeviceIndex current_device() const override { return 0; }
  DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(DeviceIndex) const override {}
  DeviceIndex exchangeDevice(DeviceIndex) const override { return 0; }
  DeviceIndex maybeExchangeDevice(DeviceIndex) const override { return 0; }
  const at::Generator& getDefaultGenerator(DeviceIndex) const override {
    return at::detail::getDefaultCPUGenerator();
  }
};
using at::CUDAHooksRegistry;
using at::RegistererCUDAHooksRegistry;
REGISTER_CUDA_HOOKS(CUDAHooks)

// ---------------------------------------------------------------- the record

// One allocation or release. Texts are indices into `texts`.
struct Event {
  int64_t block;
  int64_t bytes;  // as the caching allocator rounds; negative: a release
  int64_t live;   // after it
  int32_t op;
  int32_t node;
  int32_t module;
  int32_t dtype;
  int32_t rank;
  int64_t shape[6];
};

std::mutex mutex;
std::vector<Event> events;
std::deque<std::string> texts;
std::unordered_map<std::string, int32_t> text_index;
std::map<std::pair<uint64_t, int64_t>, int32_t> module_of_sequence;  // thread, sequence number
std::atomic<int32_t> current_module{0};
int64_t live_bytes = 0, peak_bytes = 0, next_block = 0;
uintptr_t next_address = 0x700000000000;
int64_t scalar_value = 0, nonzero_rows = -1;

int32_t text(const std::string& s) {
  auto found = text_index.find(s);
  if (found != text_index.end()) return found->second;
  texts.push_back(s);
  return text_index[s] = static_cast<int32_t>(texts.size() - 1);
}

struct Frame {
  std::string name;
  bool node;
  int32_t module;
};
thread_local std::vector<Frame> frames;
// What the kernel being answered will make; set just before it allocates.
thread_local const c10::TensorImpl* shaping = nullptr;

struct FrameObserver : at::ObserverContext {};

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& fn) {
  Frame frame{fn.name(), fn.scope() == at::RecordScope::BACKWARD_FUNCTION, -1};
  std::lock_guard<std::mutex> lock(mutex);
  if (frame.node) {
    auto found = module_of_sequence.find({fn.forwardThreadId(), fn.seqNr()});
    if (found != module_of_sequence.end()) frame.module = found->second;
  } else if (fn.seqNr() >= 0) {
    module_of_sequence[{fn.threadId(), fn.seqNr()}] = current_module;
  }
  frames.push_back(std::move(frame));
  return std::make_unique<FrameObserver>();
}

void leave(const at::RecordFunction&, at::ObserverContext*) {
  if (!frames.empty()) frames.pop_back();
}

// The allocator's unit (kMinBlockSize of CUDACachingAllocator).
int64_t rounded(size_t n) { return static_cast<int64_t>((n + 511) / 512 * 512); }

struct Block {
  int64_t id;
  int64_t bytes;
};

void release(void* context) {
  std::unique_ptr<Block> block(static_cast<Block*>(context));
  std::lock_guard<std::mutex> lock(mutex);
  live_bytes -= block->bytes;
  Event e{};
  e.block = block->id;
  e.bytes = -block->bytes;
  e.live = live_bytes;
  e.op = frames.empty() ? 0 : text(frames.back().name);
  events.push_back(e);
}

struct CountingAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t n) override {
    const Device device(DeviceType::CUDA, 0);
    if (n == 0) return {nullptr, nullptr, &c10::detail::deleteNothing, device};
    auto block = std::make_unique<Block>();
    std::lock_guard<std::mutex> lock(mutex);
    block->id = next_block++;
    block->bytes = rounded(n);
    live_bytes += block->bytes;
    peak_bytes = std::max(peak_bytes, live_bytes);
    Event e{};
    e.block = block->id;
    e.bytes = block->bytes;
    e.live = live_bytes;
    std::string node, op;
    e.module = current_module;
    for (const auto& frame : frames) {
      if (frame.node) {
        node = frame.name;
        if (frame.module >= 0) e.module = frame.module;
      } else if (op.empty() || op.rfind("autograd::", 0) == 0) {
        op = frame.name;
      }
    }
    if (!frames.empty() && frames.back().name != op && !frames.back().node) op += ">" + frames.back().name;
    e.op = text(op);
    e.node = text(node);
    e.rank = -1;
    if (shaping != nullptr) {
      e.dtype = text(c10::toString(c10::typeMetaToScalarType(shaping->dtype())));
      e.rank = std::min<int64_t>(shaping->dim(), 6);
      for (int i = 0; i < e.rank; i++) e.shape[i] = shaping->sizes()[i];
    }
    events.push_back(e);
    void* address = reinterpret_cast<void*>(next_address);
    next_address += block->bytes;
    return {address, block.release(), &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void*, const void*, std::size_t) const override {}
};
CountingAllocator allocator;

// ------------------------------------------------------- kernels by their Meta

constexpr c10::DispatchKeySet kMeta(c10::DispatchKey::Meta);
constexpr c10::DispatchKeySet kCuda(c10::DispatchKey::CUDA);

// Meta tensors that stand for the arguments of one call, and the way back.
struct Twins {
  std::unordered_map<const c10::StorageImpl*, c10::Storage> meta_of;
  std::unordered_map<const c10::StorageImpl*, c10::Storage> cuda_of;
  std::unordered_map<const c10::TensorImpl*, at::Tensor> original;
  std::vector<at::Tensor> kept;

  at::Tensor twin(const at::Tensor& t) {
    if (!t.defined() || t.is_meta() || (t.is_cpu() && t.dim() == 0)) return t;
    auto& storage = t.storage();
    auto* key = storage.unsafeGetStorageImpl();
    auto found = meta_of.find(key);
    if (found == meta_of.end()) {
      auto base = at::detail::empty_generic(
          {static_cast<int64_t>(storage.nbytes())}, c10::GetAllocator(DeviceType::Meta), kMeta, at::kByte, std::nullopt);
      found = meta_of.emplace(key, base.storage()).first;
      cuda_of.emplace(base.storage().unsafeGetStorageImpl(), storage);
    }
    at::Tensor out = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(found->second), kMeta, t.dtype());
    out.unsafeGetTensorImpl()->set_storage_offset(t.storage_offset());
    out.unsafeGetTensorImpl()->set_sizes_and_strides(t.sizes(), t.strides());
    if (t.unsafeGetTensorImpl()->is_wrapped_number()) out.unsafeGetTensorImpl()->set_wrapped_number(true);
    original[out.unsafeGetTensorImpl()] = t;
    kept.push_back(out);
    return out;
  }

  // The storage on the device that a meta storage stands for, made on demand.
  c10::Storage on_device(const at::Tensor& meta) {
    auto* key = meta.storage().unsafeGetStorageImpl();
    auto found = cuda_of.find(key);
    if (found != cuda_of.end()) return found->second;
    shaping = meta.unsafeGetTensorImpl();
    c10::Storage storage(c10::Storage::use_byte_size_t(), meta.storage().nbytes(), &allocator, true);
    shaping = nullptr;
    kept.push_back(meta);
    cuda_of.emplace(key, storage);
    return storage;
  }

  at::Tensor back(const at::Tensor& t) {
    if (!t.defined() || !t.is_meta()) return t;
    auto found = original.find(t.unsafeGetTensorImpl());
    if (found != original.end()) return found->second;
    auto out = at::detail::make_tensor<c10::TensorImpl>(on_device(t), kCuda, t.dtype());
    out.unsafeGetTensorImpl()->set_storage_offset(t.storage_offset());
    out.unsafeGetTensorImpl()->set_sizes_and_strides(t.sizes(), t.strides());
    return out;
  }

  // An operator may have resized an argument (out=, resize_, set_).
  void follow() {
    for (auto& [impl, t] : original) {
      if (!t.is_cuda()) continue;
      auto* mine = t.unsafeGetTensorImpl();
      auto found = cuda_of.find(impl->storage().unsafeGetStorageImpl());
      if (found == cuda_of.end()) {
        mine->set_storage_keep_dtype(on_device(at::Tensor(c10::intrusive_ptr<c10::TensorImpl>::reclaim_copy(const_cast<c10::TensorImpl*>(impl)))));
      } else if (impl->storage().nbytes() > found->second.nbytes()) {
        shaping = impl;
        auto data = allocator.allocate(impl->storage().nbytes());
        shaping = nullptr;
        found->second.set_data_ptr(std::move(data));
        found->second.set_nbytes(impl->storage().nbytes());
      }
      if (mine->sizes() != impl->sizes() || mine->strides() != impl->strides() || mine->storage_offset() != impl->storage_offset()) {
        mine->set_storage_offset(impl->storage_offset());
        mine->set_sizes_and_strides(impl->sizes(), impl->strides());
      }
    }
  }
};

template <class F>
IValue mapped(const IValue& v, F&& f) {
  if (v.isTensor()) return f(v.toTensor());
  if (v.isTensorList()) {
    c10::List<at::Tensor> out;
    for (const at::Tensor& t : v.toTensorVector()) out.push_back(f(t));
    return out;
  }
  if (v.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> out;
    for (const std::optional<at::Tensor>& t : v.toOptionalTensorVector()) {
      out.push_back(t.has_value() ? std::optional<at::Tensor>(f(*t)) : std::nullopt);
    }
    return out;
  }
  if (v.isDevice()) return v.toDevice().is_cuda() ? IValue(Device(DeviceType::Meta)) : v;
  return v;
}

void by_meta(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  Twins twins;
  const auto count = op.schema().arguments().size();
  for (size_t i = stack->size() - count; i < stack->size(); i++) {
    (*stack)[i] = mapped((*stack)[i], [&](const at::Tensor& t) { return twins.twin(t); });
  }
  {
    c10::impl::ExcludeDispatchKeyGuard plain(c10::autograd_dispatch_keyset);
    op.redispatchBoxed(kMeta, stack);
  }
  twins.follow();
  for (size_t i = stack->size() - op.schema().returns().size(); i < stack->size(); i++) {
    (*stack)[i] = mapped((*stack)[i], [&](const at::Tensor& t) { return twins.back(t); });
  }
}

// ------------------------------------------------------- kernels with a value

at::Scalar first_value(const at::Tensor& t) {
  return t.scalar_type() == at::kBool ? at::Scalar(scalar_value != 0) : at::Scalar(scalar_value);
}

std::map<int64_t, int64_t> rows_of;  // what is found in masks of so many elements

int64_t rows_in(int64_t elements) {
  const auto known = rows_of.find(elements);
  if (known != rows_of.end()) return known->second;
  return nonzero_rows < 0 ? elements : std::min(nonzero_rows, elements);
}

at::Tensor nonzero(const at::Tensor& t) {
  return at::empty({rows_in(t.numel()), t.dim()}, t.options().dtype(at::kLong));
}

// CUDA indexes by the mask as large as the tensor: a copy of one that is
// smaller, and nonzero's table (IndexKernel.cpp, masked_select_out_cuda_impl).
at::Tensor masked_select(const at::Tensor& self, const at::Tensor& mask) {
  const auto size = at::infer_size(self.sizes(), mask.sizes());
  const int64_t all = c10::multiply_integers(size);
  const int64_t rows = nonzero_rows < 0 ? all : std::min(nonzero_rows, all);
  const int64_t rank = static_cast<int64_t>(size.size());
  at::Tensor whole = mask.numel() == all ? mask : at::empty(size, mask.options());
  at::Tensor table = at::empty({rows, rank}, self.options().dtype(at::kLong));
  return at::empty({rows}, self.options());
}

int64_t sdp_choice(
    const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const std::optional<at::Tensor>& mask, double,
    bool, std::optional<double>, bool gqa) {
  // at::SDPBackend. The order on a GPU of compute capability 8 or 9 is flash,
  // memory-efficient, math (sdp_utils.cpp); cuDNN comes after them.
  constexpr int64_t kMath = 0, kFlash = 1, kEfficient = 2;
  const bool half = q.scalar_type() == at::kHalf || q.scalar_type() == at::kBFloat16;
  const bool one_width = q.size(-1) == k.size(-1) && k.size(-1) == v.size(-1);
  const bool same_heads = q.size(1) == k.size(1) && q.size(1) == v.size(1);
  if (half && !mask.has_value() && one_width && q.size(-1) <= 256 && (same_heads || gqa)) return kFlash;
  const int64_t alignment = half ? 8 : 4;
  if (same_heads && q.size(-1) % alignment == 0 && v.size(-1) % alignment == 0) return kEfficient;
  return kMath;
}

// A mask among indices is the columns of its nonzero() (TensorIndexing, expandTensors).
void index_by_masks(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const size_t at = stack->size() - op.schema().arguments().size() + 1;
  c10::List<std::optional<at::Tensor>> out;
  for (const std::optional<at::Tensor>& t : (*stack)[at].toOptionalTensorVector()) {
    const bool is_mask = t.has_value() && t->defined() && t->is_cuda() &&
        (t->scalar_type() == at::kBool || t->scalar_type() == at::kByte);
    if (!is_mask) {
      out.push_back(t);
      continue;
    }
    at::Tensor table = (nonzero)(*t);
    for (int64_t d = 0; d < t->dim(); d++) out.push_back(std::optional<at::Tensor>(table.select(1, d)));
  }
  (*stack)[at] = IValue(out);
  by_meta(op, stack);
}

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&by_meta>()); }

torch::Library& aten() {
  static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CUDA, __FILE__, __LINE__);
  return library;
}

}  // namespace

extern "C" {

void trace_start() {
  c10::SetAllocator(DeviceType::CUDA, &allocator);
  text("");
  at::addGlobalCallback(at::RecordFunctionCallback(&enter, &leave)
                            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  aten().impl("_local_scalar_dense", &first_value);
  aten().impl("nonzero", &nonzero);
  aten().impl("masked_select", &masked_select);
  for (const char* name : {"index.Tensor", "index_put_", "_index_put_impl_", "_unsafe_index.Tensor"}) {
    aten().impl(name, torch::CppFunction::makeFromBoxedFunction<&index_by_masks>());
  }
  aten().impl("_fused_sdp_choice", &sdp_choice);
  at::native::_fused_sdp_choice_stub.set_cuda_dispatch_ptr(&sdp_choice);
}

void trace_answer_by_meta(const char* op) {
  aten().impl(op, torch::CppFunction::makeFromBoxedFunction<&by_meta>());
}

void trace_module(const char* name) {
  std::lock_guard<std::mutex> lock(mutex);
  current_module = text(name);
}
void trace_values(int64_t scalar, int64_t rows) {
  scalar_value = scalar;
  nonzero_rows = rows;
}

void trace_rows(int64_t elements, int64_t rows) { rows_of[elements] = rows; }
int64_t trace_live() { return live_bytes; }
int64_t trace_peak() { return peak_bytes; }
void trace_reset_peak() { peak_bytes = live_bytes; }
int64_t trace_count() { return static_cast<int64_t>(events.size()); }
const Event* trace_events() { return events.data(); }
const char* trace_text(int32_t i) { return texts[i].c_str(); }
int64_t trace_event_size() { return sizeof(Event); }
}
